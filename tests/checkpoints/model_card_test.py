# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Model cards are what the hub's client reads, and lie beside every folder."""

import pathlib

from absl.testing import parameterized
import huggingface_hub
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import formats
from mobilebert_tf.checkpoints import model_card
from tests.data import temporary
from tests.inference import tiny_classifier

_CARD = """---
license: mit
library_name: mobilebert_tf
---

# Mine

Edited by somebody.
"""


class CardTest(parameterized.TestCase):

  def test_signs_of_yaml_and_markdown_stay_text(self):
    title = 'a: "b" | #c {d} --- é😀'
    card = model_card.Card(
        {'license': 'mit', 'language': 'en', 'base_model': '',
         'tags': ['a: b', '- c']}, title,
        {'Data': model_card.table(('A', 'B'), [('x|y', 'two\nlines')]),
         'Empty': ''},
        [huggingface_hub.EvalResult('text-classification', 'custom', 'dev: #1',
                                    'accuracy', 0.5)])
    found = huggingface_hub.ModelCard(card.render())
    self.assertEqual(found.data.to_dict(), {
        'license': 'mit', 'language': 'en', 'tags': ['a: b', '- c'],
        'model-index': [{'name': title, 'results': [{
            'task': {'type': 'text-classification'},
            'dataset': {'name': 'dev: #1', 'type': 'custom'},
            'metrics': [{'type': 'accuracy', 'value': 0.5}]}]}]})
    self.assertIn('| x\\|y | two lines |', found.text)
    self.assertNotIn('Empty', found.text)
    self.assertEqual(model_card.code('a `b`\nc'), '`a ´b´ c`')

  @parameterized.parameters(
      ('license', 'my-licence', "licence is 'my-licence', which the Hugging"),
      ('language', 'English', "language is 'English'; the hub has codes"),
      ('license', 'other', 'needs license_name and license_link'),
      ('base_model', '../secret', 'Repo id must'),
  )
  def test_what_the_hub_refuses_is_refused(self, field, value, message):
    with self.assertRaisesRegex(ValueError, message):
      model_card.Card({field: value}, 'Mine', {}).render()

  def test_a_text_without_metadata_is_no_card(self):
    with self.assertRaisesRegex(ValueError, 'has no metadata'):
      model_card.check('# Mine\n')
    with self.assertRaisesRegex(ValueError, 'names no licence'):
      model_card.check(_CARD.replace('license: mit\n', ''), needs_licence=True)
    self.assertEqual(model_card.check(_CARD)['license'], 'mit')


class FoldersTest(temporary.TemporaryFiles, parameterized.TestCase,
                  tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.make_folder())
    trained = tiny_classifier.build(self.folder)
    self.saved = self.folder / 'saved'
    trained.model.save_pretrained(str(self.saved),
                                  vocab_file=trained.vocab_file)

  def _metadata(self, folder: pathlib.Path) -> dict:
    return model_card.check((folder / 'README.md').read_text())

  def test_save_pretrained_writes_one(self):
    self.assertEqual(self._metadata(self.saved), {
        'library_name': 'transformers', 'pipeline_tag': 'text-classification',
        'tags': ['mobilebert', 'tensorflow']})
    text = (self.saved / 'README.md').read_text()
    for said in ('# saved', '`no`, `perhaps`, `yes`', 'None is named yet',
                 'SHA-256 of the vocabulary'):
      self.assertIn(said, text)
    self.assertNotIn(str(self.folder), text)  # Nor on whose machine.
    # It may be replaced, and does not disturb reading.
    checkpoints.write(checkpoints.read(str(self.saved)), str(self.saved),
                      'hugging_face', overwrite=True)

  @parameterized.parameters(
      ('mobilebert_tf', 'mobilebert_tf'), ('hugging_face', 'transformers'))
  def test_conversion_keeps_what_people_wrote(self, output_format, library):
    (self.saved / 'README.md').write_text(_CARD)
    formats.convert(str(self.saved), str(self.folder / 'new'), output_format)
    self.assertEqual(self._metadata(self.folder / 'new'),
                     {'license': 'mit', 'library_name': library})
    self.assertIn('Edited by somebody.',
                  (self.folder / 'new' / 'README.md').read_text())

  @parameterized.parameters('# of a Git repository\n', '---\n- a\n---\n',
                            '---\nmodel-index: 3\n---\n')
  def test_another_readme_is_left_alone(self, text):
    (self.saved / 'README.md').write_text(text)
    formats.convert(str(self.saved), str(self.folder / 'new'))
    self.assertEqual(self._metadata(self.folder / 'new')['library_name'],
                     'mobilebert_tf')


if __name__ == '__main__':
  tf.test.main()
