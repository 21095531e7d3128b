# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The program that evaluates, with checkpoints of each kind."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import tensorflow as tf

from mobilebert_tf.data import squad
from mobilebert_tf.evaluation import metrics
from mobilebert_tf import modeling
from mobilebert_tf.tasks.classification import predictor
from mobilebert_tf.tasks.question_answering import metrics as squad_metrics
from tests.data import squad_samples
from tests.inference import tiny_classifier

# Another process, since other programs have flags of the same names; one for
# all, since TensorFlow takes its time to begin.
_RUN = """
import json, sys
from absl import flags
from absl.testing import flagsaver
from mobilebert_tf import evaluate
from mobilebert_tf.common import program
for arguments in json.loads(sys.argv[1]):
  with flagsaver.flagsaver():
    flags.FLAGS(['evaluate', *arguments])
    try:
      program.call(evaluate.main)
    except SystemExit as error:
      print(error)
  print('=====')
"""
_COLUMNS = ('--text_column=sentence', '--label_column=mood')
_TEXTS = [tiny_classifier.text(i % 9 + 1, first=i) for i in range(30)]


def _write_texts(path: pathlib.Path, labels: list[str]) -> str:
  rows = [f'{text}\t{label}' for text, label in zip(_TEXTS, labels,
                                                   strict=True)]
  path.write_text('\n'.join(['sentence\tmood', *rows]) + '\n')
  return f'--data_file={path}'


class EvaluateTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
    cls.trained = tiny_classifier.build(folder)
    encoder = modeling.MobileBertEncoder(tiny_classifier.architecture())
    models = {
        'classifier': cls.trained.model,
        'labeler': modeling.MobileBertTokenClassifier(
            encoder, 3, labels=('O', 'B-X', 'I-X')),
        'answerer': modeling.MobileBertQuestionAnswering(encoder),
    }
    for name, model in models.items():
      model.save_pretrained(str(folder / name),
                            vocab_file=cls.trained.vocab_file)
    labels = [tiny_classifier.LABELS[i % 3] for i in range(30)]
    good = _write_texts(folder / 'dev.tsv', labels)
    bad = _write_texts(folder / 'bad.tsv', [*labels[:4], 'odd', *labels[5:]])
    (folder / 'dev.conll').write_text('w1 NN B-X\nw2 NN I-X\n\nw3 VB O\n')
    (folder / 'dev.json').write_text(squad_samples.dataset(
        squad_samples.article(
            'w3 w4 w5 w6', squad_samples.question('a', 'w1 ?', [('w4', 3)]),
            squad_samples.question('b', 'w2 ?')), version='v2.0'))
    cls.output = cls._run(
        ('classifier', 'texts', good, *_COLUMNS, '--title=moods'),
        ('classifier', 'bad', bad, *_COLUMNS),
        ('labeler', 'words', f'--data_file={folder}/dev.conll'),
        ('answerer', 'questions', f'--data_file={folder}/dev.json'))

  @classmethod
  def _run(cls, *runs: tuple[str, ...]) -> list[str]:
    """Returns what each run prints."""
    arguments = [[f'--model_dir={cls.folder}/{model}',
                  f'--output_dir={cls.folder}/{output}', *others]
                 for model, output, *others in runs]
    finished = subprocess.run(
        [sys.executable, '-c', _RUN, json.dumps(arguments)],
        capture_output=True, text=True, check=False, timeout=600)
    if finished.returncode:
      raise RuntimeError(finished.stderr)
    return finished.stdout.split('=====\n')

  def _results(self, name: str) -> dict:
    path = self.folder / name / 'evaluation.json'
    return json.loads(path.read_text('utf-8'))

  def test_texts(self):
    self.assertIn('moods: 30 labelled texts of 3 classes', self.output[0])
    self.assertTrue((self.folder / 'texts/evaluation.html').exists())
    scores = predictor.TextPredictor(self.trained).scores(_TEXTS)
    expected = metrics.compute(['accuracy', 'f1'],
                               [i % 3 for i in range(30)], scores)
    self.assertAllClose(self._results('texts')['metrics'], expected)

  def test_what_is_wrong_is_said_in_a_line_and_nothing_written(self):
    self.assertRegex(self.output[1], r"^evaluate: .*bad.tsv:6: .*'odd'")
    self.assertLen(self.output[1].splitlines(), 1)
    self.assertFalse((self.folder / 'bad').exists())

  def test_labels_of_words(self):
    results = self._results('words')
    self.assertEqual(list(results['metrics']),
                     ['f1', 'precision', 'recall', 'accuracy'])
    self.assertEqual(results['examples'], 2)
    self.assertIn('words/evaluation.html', self.output[2])

  def test_questions_get_the_official_files_too(self):
    folder = self.folder / 'questions'
    answers = json.loads((folder / 'predictions.json').read_text('utf-8'))
    self.assertCountEqual(answers, ['a', 'b'])
    self.assertEqual(
        self._results('questions')['metrics'],
        squad_metrics.evaluate(squad.read(self.folder / 'dev.json'), answers))
    self.assertTrue((folder / 'null_odds.json').exists())


if __name__ == '__main__':
  tf.test.main()
