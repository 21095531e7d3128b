# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Both runtimes compute the same, and packed weights are kept."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.deployment import tflite_engines
from mobilebert_tf.tasks import registry
from tests.data import temporary
from tests.deployment import tiny_tflite
from tests.inference import tiny_classifier

_TEXTS = [tiny_classifier.text(words, words) for words in (0, 3, 9, 20, 37, 60)]


class TFLiteEnginesTest(parameterized.TestCase, temporary.TemporaryFiles,
                        tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.path = str(tiny_tflite.build(cls.folder).path)

  def _inputs(self, length: int) -> dict[str, np.ndarray]:
    ids = np.arange(length, dtype=np.int32)[np.newaxis] % 30 + 5
    return {'input_word_ids': ids, 'input_mask': np.ones_like(ids),
            'input_type_ids': np.zeros_like(ids)}

  def test_engines_compute_the_same(self):
    engines = [tflite_engines.CompiledEngine(self.path, 1),
               tflite_engines.InterpreterEngine(self.path, 1)]
    self.assertEqual(*(set(each.signatures()) for each in engines))
    for name, length in (('serve_8', 8), ('serve_40', 40), ('serve_8', 8)):
      compiled, interpreted = (
          engine.run(name, self._inputs(length)) for engine in engines)
      self.assertEqual(set(compiled), set(interpreted))
      for output, values in compiled.items():
        self.assertEqual(values.dtype, interpreted[output].dtype)
        self.assertAllClose(values, interpreted[output], 1e-6, 1e-6)
        self.assertAllEqual(engines[0].output_shape(name, output),
                            engines[1].output_shape(name, output))

  def test_another_length_is_refused(self):
    engine = tflite_engines.CompiledEngine(self.path, 1)
    with self.assertRaisesRegex(ValueError, r'takes \[1, 8\], not \[1, 9\]'):
      engine.run('serve_8', self._inputs(9))

  def test_a_file_for_any_length_runs_in_interpreter(self):
    path = tiny_tflite.build(
        pathlib.Path(self.make_folder()), dynamic_length=True).path
    runner = registry.TFLiteRunner(path)
    self.assertIsInstance(runner._signatures.engine,
                          tflite_engines.InterpreterEngine)
    self.assertAllClose(
        runner.scores(_TEXTS), registry.TFLiteRunner(self.path).scores(_TEXTS),
        1e-5, 1e-5)

  def test_outputs_are_copies(self):
    engine = tflite_engines.CompiledEngine(self.path, 1)
    first = engine.run('serve_8', self._inputs(8))['probabilities']
    kept = first.copy()
    engine.run('serve_8', {
        name: values * 0 for name, values in self._inputs(8).items()})
    self.assertAllEqual(first, kept)

  @parameterized.parameters(
      tflite_engines.CompiledEngine, tflite_engines.InterpreterEngine)
  def test_what_is_handed_on_is_an_input_of_the_next(self, engine_class):
    class Counter(tf.Module):

      @tf.function(input_signature=[tf.TensorSpec([1, 3], name='stream'),
                                    tf.TensorSpec([1, 3], name='step')])
      def count(self, stream, step):
        stream = stream + step
        return {'stream': stream, 'total': tf.reduce_sum(stream, -1)}

    counter, path = Counter(), self.make_file('counter.tflite', b'')
    names = [f'count_{number}' for number in range(4)]
    folder = self.make_folder()
    tf.saved_model.save(counter, folder, signatures={
        name: counter.count for name in names})
    pathlib.Path(path).write_bytes(
        tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=names).convert())
    engine = engine_class(path, 1)

    for first in (0.0, 5.0):  # Buffers are the same the second time.
      given = {'stream': np.full([1, 3], first, np.float32),
               'step': np.array([[1, 2, 3]], np.float32)}
      for number, name in enumerate(names, start=1):
        found = engine.run(name, given, handed_on=('stream', 'step'))
        self.assertEqual(found['total'].tolist(), [3 * first + 6 * number])
        given = {name: found[name] for name in ('stream', 'step')}

  def test_packed_weights_are_kept(self):
    cache = pathlib.Path(self.make_folder(), 'new')
    expected = registry.TFLiteRunner(self.path).scores(_TEXTS)
    for _ in range(2):
      runner = registry.TFLiteRunner(self.path, weight_cache=cache)
      self.assertAllClose(runner.scores(_TEXTS), expected, 1e-6, 1e-6)
      [file] = cache.iterdir()
      self.assertStartsWith(file.name, runner.metadata.model_sha256[:32])
      self.assertGreater(file.stat().st_size, 0)
      changed, content = file.stat().st_mtime_ns, file.read_bytes()
    registry.TFLiteRunner(self.path, weight_cache=cache).scores(_TEXTS)
    self.assertEqual(file.stat().st_mtime_ns, changed)
    self.assertEqual(file.read_bytes(), content)

  @parameterized.parameters(ImportError, RuntimeError)
  def test_interpreter_in_its_place(self, error):
    expected = registry.TFLiteRunner(self.path).scores(_TEXTS)
    with mock.patch.object(tflite_engines, 'CompiledEngine', side_effect=error):
      runner = registry.TFLiteRunner(self.path)
    self.assertIsInstance(runner._signatures.engine,
                          tflite_engines.InterpreterEngine)
    self.assertAllClose(runner.scores(_TEXTS), expected, 1e-6, 1e-6)

  def test_it_prints_nothing_of_its_own(self):
    found = subprocess.run(
        [sys.executable, '-c', 'import sys, mobilebert_tf\n'
         'runner = mobilebert_tf.TFLiteRunner(sys.argv[1])\n'
         'runner.answer(["w1", "w1 " * 30])\n'
         'print("kept", file=sys.stderr)', self.path],
        check=True, capture_output=True, text=True,
        cwd=pathlib.Path(__file__).parents[2])
    self.assertEqual(found.stdout + found.stderr, 'kept\n')


if __name__ == '__main__':
  absltest.main()
