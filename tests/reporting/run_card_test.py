# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The card of a run says what the run knows, and what people said."""

import hashlib
import json
import pathlib
import tempfile

from absl.testing import absltest
import huggingface_hub

from mobilebert_tf.checkpoints import model_card
from mobilebert_tf.reporting import run_card
from mobilebert_tf.tasks import registry

_KIND = registry.get('classification')


class RunCardTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(tempfile.mkdtemp(), 'reviews')
    self.folder.mkdir()
    self.data = self.folder.parent / 'train|1.csv'
    self.data.write_text('text,label\n')
    (self.folder / 'evaluation.json').write_text(json.dumps({
        'metrics': {'accuracy': 0.9, 'f1': 0.85},
        'intervals': {'accuracy': [0.87, 0.92], 'f1': None},
        'examples': 400, 'baseline': {'name': 'always “good”', 'quality': 0.6},
        'facts': {'Longer than the model reads': 'no text'}}))
    self.results = {
        'recipe': {'task': 'classification', 'epochs': 3.0, 'seed': 0,
                   'init_checkpoint': 'google/mobilebert-uncased',
                   'train_file': '/home/me/secret/train.csv',
                   'label_columns': [], 'working_directory': '/home/me'},
        'metrics': {'dev': {'accuracy': 0.9, 'f1': 0.85}},
        'data': run_card.data_files({'train': str(self.data), 'test': ''}),
        'steps': 1200, 'examples': 6400, 'parameters': 24_000_000,
        'seconds': 75.0, 'versions': {'python': '3.11'},
        'hardware': {'cpu': 'Example CPU', 'cores': 2, 'memory_gb': 8.0,
                     'instruction_set': ['avx2']}}

  def _write(self, **said) -> huggingface_hub.ModelCard:
    path = run_card.write(self.folder, _KIND, self.results, **said)
    model_card.check(path.read_text())
    return huggingface_hub.ModelCard.load(path)

  def test_it_says_data_metrics_and_training(self):
    card = self._write()
    [index] = card.data.to_dict()['model-index']
    self.assertEqual(index['name'], 'reviews')
    self.assertEqual(
        [(each['type'], each['value']) for each in
         index['results'][0]['metrics']], [('accuracy', 0.9), ('f1', 0.85)])
    self.assertEqual(index['results'][0]['dataset']['name'], 'held-out texts')
    self.assertEqual(card.data.pipeline_tag, 'text-classification')
    self.assertEqual(card.data.base_model, 'google/mobilebert-uncased')
    checksum = hashlib.sha256(b'text,label\n').hexdigest()
    for said in (f'| train | `train\\|1.csv` | 11 | `{checksum}` |',
                 '| 90.0% | 87.0% to 92.0% |', 'On 400 held-out texts.',
                 'Always “good” would reach 60.0%', '24,000,000 parameters',
                 '| Epochs | `3.0` |', '1,200', 'Example CPU (avx2)',
                 'None is named yet', 'Not measured', 'Not said yet'):
      self.assertIn(said, card.text)
    for never in ('/home', 'working', 'label columns'):
      self.assertNotIn(never, str(card))

  def test_what_was_said_stays(self):
    self._write(licence='apache-2.0', intended_use='Reviews of films.')
    card = self._write(language='en')
    self.assertEqual((card.data.license, card.data.language),
                     ('apache-2.0', 'en'))
    self.assertIn('Reviews of films.', card.text)
    with self.assertRaisesRegex(ValueError, "licence is 'mine'"):
      self._write(licence='mine')

  def test_a_card_that_somebody_edited_is_not_replaced(self):
    self._write()
    path = self.folder / 'README.md'
    path.write_text(path.read_text() + 'Mine.\n')
    with self.assertRaisesRegex(FileExistsError, 'somebody has edited it'):
      self._write()
    self._write(overwrite=True)
    self.assertNotIn('Mine.', path.read_text())

  def test_sizes_and_latencies_are_those_of_a_benchmark(self):
    exported = self.folder.parent / 'reviews.tflite'
    exported.write_bytes(b'exported')
    benchmark = self.folder.parent / 'benchmark.json'
    benchmark.write_text(json.dumps({
        'facts': {'Machine': '2 cores of Example CPU'},
        'models': [{'name': 'x/reviews.tflite', 'path': str(exported),
                    'format': 'tflite', 'bytes': 25_600_000,
                    'agreement': {'share': 0.998},
                    'measurements': [{'threads': 1, 'texts': [
                        {'batch_size': 1, 'seconds': 0.0032},
                        {'batch_size': 16, 'seconds': 0.002}]}]}]}))
    card = self._write(exports=run_card.read_benchmark(
        self.folder.parent))
    for said in ('`reviews.tflite` | tflite |', '25.6 MB', '3.2 ms (1 thread)',
                 '99.8%', hashlib.sha256(b'exported').hexdigest(),
                 'On 2 cores of Example CPU.'):
      self.assertIn(said, card.text)
    self.assertNotIn(str(exported), card.text)
    benchmark.write_text('{"a": 1}')
    with self.assertRaisesRegex(ValueError, 'is not what `mobilebert bench'):
      run_card.read_benchmark(benchmark)

  def test_another_file_of_statements_is_named(self):
    (self.folder / run_card.STATEMENTS).write_text('{"license": "mit"}')
    with self.assertRaisesRegex(ValueError, 'not of a model card; it has the '
                                'fields base_model, exports'):
      self._write()


if __name__ == '__main__':
  absltest.main()
