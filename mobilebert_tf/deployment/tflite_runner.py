# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers text with a `.tflite` file, without TensorFlow."""

from collections.abc import Iterable, Mapping, Sequence
import os
import threading
from typing import Any

import numpy as np

from mobilebert_tf.deployment import flatbuffer_check
from mobilebert_tf.deployment import tflite_engines
from mobilebert_tf.deployment import tflite_file
from mobilebert_tf.inference import predictor
from mobilebert_tf.inference import task_kind
from mobilebert_tf.text import plain_tokenizer

DYNAMIC = 'serve_dynamic'
INPUTS = ('input_word_ids', 'input_mask', 'input_type_ids')

_TEXTS_AT_ONCE = 1000

Text = predictor.Text


def signature_name(length: int | None) -> str:
  """Returns the name of the signature for a length, such as `serve_64`."""
  return DYNAMIC if length is None else f'serve_{length}'


class Signatures:
  """The signatures of a file.

  Threads may share it: they take turns, since an engine has one set of inputs
  and outputs.

  Args:
    path: The file, already checked.
    metadata: Its metadata.
    pad_id: The id of [PAD].
    num_threads: Threads of the interpreter.
    use_dynamic_length: Whether the signature for any length, if there is one,
      is preferred to those that pad.
    weight_cache: Folder of packed weights; see `TFLiteRunner`.

  Raises:
    ValueError: If the interpreter refuses the file, or a signature is missing.
  """

  def __init__(self, path: str | os.PathLike,
               metadata: tflite_file.TFLiteMetadata, pad_id: int,
               num_threads: int = 1, use_dynamic_length: bool = True,
               weight_cache: str | os.PathLike | None = None):
    self._path = os.fspath(path)
    self._metadata, self._pad_id = metadata, pad_id
    self._use_dynamic_length = metadata.dynamic_length and use_dynamic_length
    self._lock = threading.Lock()
    try:
      flatbuffer_check.check_file(path)
      self.engine = tflite_engines.open_engine(
          self._path, num_threads,
          tflite_engines.cache_file(weight_cache, metadata.model_sha256)
          if weight_cache is not None else '')
      found = self.engine.signatures()
    except (RuntimeError, ValueError) as error:
      raise tflite_file.damaged(path, error) from error
    self._names = [signature_name(n) for n in metadata.lengths]
    if metadata.dynamic_length:
      self._names.append(DYNAMIC)
    self._check(found)

  def output_size(self, name: str) -> int:
    """Returns the last dimension of an output, such as the number of labels."""
    return int(self.output_shape(name)[-1])

  def output_shape(self, name: str) -> np.ndarray:
    """Returns the shape of an output of the first signature."""
    with self._lock:
      return self.engine.output_shape(self._names[0], name)

  def run(self, ids: np.ndarray, types: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the outputs for a text, one row, by name.

    Args:
      ids: int32 `[tokens]`, special tokens included, no padding.
      types: int32 `[tokens]`, the segment of each.

    Raises:
      ValueError: If the interpreter fails.
    """
    name, length = self._choose(len(ids))
    inputs = np.zeros([3, 1, length], np.int32)
    inputs[0] = self._pad_id
    inputs[:, 0, :len(ids)] = ids, np.ones_like(ids), types
    try:
      with self._lock:  # The outputs are copies.
        return self.engine.run(name, dict(zip(INPUTS, inputs, strict=True)))
    except (RuntimeError, ValueError) as error:
      why = ' '.join(str(error).split())
      raise ValueError(f'{self._path}: the signature {name} fails for '
                       f'{length} tokens: {why}') from error

  def _choose(self, tokens: int) -> tuple[str, int]:
    """Returns the signature for a text, and its length of input.

    At least one [PAD] follows each text, so that no answer depends on padding.
    """
    needed = tokens + self._metadata.padding
    length = next((n for n in self._metadata.lengths if n >= needed), None)
    if length is None or self._use_dynamic_length and length != needed:
      return DYNAMIC, needed
    return signature_name(length), length

  def _check(self, found: dict[str, dict[str, list[str]]]) -> None:
    missing = [name for name in self._names if name not in found]
    if missing:
      raise tflite_file.damaged(
          self._path, f'it lacks the signature {", ".join(missing)}.')
    outputs = set(self._metadata.kind.number_outputs)
    if self._metadata.runtime == tflite_file.MEDIAPIPE:  # It takes one.
      outputs = {self._metadata.kind.number_outputs[0]}
    for name in self._names:
      if (set(found[name]['inputs']) != set(INPUTS) or
          not outputs.issubset(found[name]['outputs'])):
        raise tflite_file.damaged(
            self._path, f'the signature {name} has to take {", ".join(INPUTS)} '
            f'and give {", ".join(sorted(outputs))}.')
    labels = self._metadata.labels
    if not labels:  # Signatures are made ready when they are first used.
      return
    size = self.output_size(self._metadata.kind.number_outputs[0])
    if size != len(labels):
      raise tflite_file.damaged(
          self._path, f'it has {len(labels)} labels for {size} outputs.')


class TFLiteRunner:
  """Answers texts with a file that `export_tflite` wrote.

  It needs the file, `ai_edge_litert`, `tokenizers` and numpy. Texts of any
  length are answered: classifiers cut them at the end, contexts of questions
  are read in windows, and texts whose words get labels in parts. An answer
  depends on its text alone. Threads that share a runner take turns; one each is
  faster.

  Example:

    runner = TFLiteRunner('model.tflite')
    runner.answer('a fine film')       # Label('positive', 0.98)
    runner.answer(['one', 'another'])  # [Label(...), Label(...)]

  Args:
    path: The file.
    kinds: All kinds of tasks by name.
    num_threads: Number of threads of the interpreter.
    use_dynamic_length: Whether a text that no signature fits exactly goes to
      the one for any length, if the file has it, and not to a longer one.
    weight_cache: Folder that keeps weights as the runtime packs them, so that
      later processes map them and begin at once; made if it is missing. By
      default they are packed when the file is opened.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If the file is damaged or something else.

  Attributes:
    metadata: Metadata of the file.
    vocabulary: Vocabulary of the file.
    tokenizer: Tokenizer with this vocabulary.
  """

  def __init__(self, path: str | os.PathLike,
               kinds: Mapping[str, task_kind.TaskKind], num_threads: int = 1,
               use_dynamic_length: bool = True,
               weight_cache: str | os.PathLike | None = None):
    if num_threads < 1:
      raise ValueError(f'num_threads is {num_threads}; it is at least 1.')
    self.metadata, self.vocabulary = tflite_file.read_metadata(path, kinds)
    self.tokenizer = plain_tokenizer.PlainTokenizer(
        self.vocabulary.tokens, self.metadata.lower_case,
        self.metadata.max_word_length)
    self._pack = plain_tokenizer.Packer(self.vocabulary)
    self._signatures = Signatures(
        path, self.metadata, self.vocabulary.pad_id, num_threads,
        use_dynamic_length, weight_cache)

  def answer(self, text: Text | Iterable[Text],
             pair: Text | Iterable[Text] | None = None) -> Any:
    """Answers a text, or each of several.

    Args:
      text: One text or several, as strings or UTF-8; a question, if the model
        answers questions.
      pair: Second text of each, or context of the question, if the model reads
        pairs.

    Returns:
      The answer as the kind of task defines it (`TaskKind.to_answer`): a
      `Label` of a classifier, a float of a regression, a vector `[size]` of an
      encoder, an
      `Answer` to a question, a `LabelledText` of words and entities. A list of
      these for several texts.

    Raises:
      TypeError: If a text is something else.
      ValueError: If pairs are missing, unwanted, or of another number than
        texts.
    """
    single = isinstance(text, Text)
    if single and pair is not None:
      if not isinstance(pair, Text):
        raise TypeError('The text is one, so its pair has to be one string '
                        f'too; it is {predictor.describe(pair)}.')
      pair = [pair]
    texts, pairs = self._check([text] if single else text, pair)
    found = self.metadata.kind.answer_file(self, texts, pairs)
    return found[0] if single else found

  def scores(self, texts: Iterable[Text],
             pairs: Iterable[Text] | None = None) -> np.ndarray:
    """Returns the numbers that the model computes of texts.

    Args:
      texts: The texts.
      pairs: Second text of each, if the model reads pairs.

    Returns:
      Probabilities float32 `[texts, labels]`, of a regression values `[texts]`,
      of an encoder vectors `[texts, size]`.

    Raises:
      TypeError: As `answer`.
      ValueError: As `answer`, and for a model whose answers are no numbers.
    """
    found = self.metadata.kind.file_scores(self, *self._check(texts, pairs))
    if not isinstance(found, np.ndarray):
      raise ValueError(
          f'A model for {self.metadata.kind.name} has no scores of texts. Use '
          f'answer({", ".join(self._text_names)}).')
    return found

  def comparable(self, texts: Iterable[Text],
                 pairs: Iterable[Text] | None = None) -> np.ndarray | list[str]:
    """Returns answers as `TaskKind.answers` does, to compare models."""
    return self.metadata.kind.comparable(self, *self._check(texts, pairs))

  def count_tokens(self, texts: Iterable[Text],
                   pairs: Iterable[Text] | None = None) -> np.ndarray:
    """Counts the tokens of whole texts, also where fewer are read.

    Args:
      texts: The texts.
      pairs: Second text of each, if the model reads pairs.

    Returns:
      int32 `[texts]`, special tokens included.

    Raises:
      TypeError: As `answer`.
      ValueError: As `answer`.
    """
    texts, pairs = self._check(texts, pairs)
    return np.array([
        sum(map(len, segments)) + plain_tokenizer.special_tokens(len(segments))
        for segments in self.segments(texts, pairs)], np.int32)

  def truncated(self, texts: Iterable[Text],
                pairs: Iterable[Text] | None = None) -> list[bool]:
    """Returns whether the model reads less than a whole text, of each.

    A `Label`, an `Answer` or a `LabelledText` says so by itself: of a question
    it is meant, since contexts are read whole, and of texts whose words get
    labels a word.

    Args:
      texts: The texts.
      pairs: Second text of each, if the model reads pairs.
    """
    texts, pairs = self._check(texts, pairs)
    return self.metadata.kind.truncated(self, texts, pairs)

  def is_cut(self, segments: Sequence[np.ndarray]) -> bool:
    """Returns whether a text, and its pair, have more tokens than are read."""
    return sum(map(len, segments)) > self._budget(segments)

  def compute(self, texts: list[str], pairs: list[str] | None) -> np.ndarray:
    """Returns the first of the kind's outputs; see `read`."""
    return self.read(texts, pairs)[0]

  def read(self, texts: list[str], pairs: list[str] | None
           ) -> tuple[np.ndarray, list[bool]]:
    """Computes the first of the kind's outputs.

    Args:
      texts: The texts.
      pairs: Second text of each, or None.

    Returns:
      The output, float32 `[texts, ...]`, and whether each text was cut.

    Raises:
      ValueError: If a number is not finite.
    """
    output = self.metadata.kind.number_outputs[0]
    rows, cut = [], []
    for segments in self.segments(texts, pairs):
      cut.append(self.is_cut(segments))
      row = self.run(plain_tokenizer.trim(
          segments, self._budget(segments)))[output][0]
      self.check_finite(row)
      rows.append(row)
    if rows:
      return np.stack(rows), cut
    shape = self._signatures.output_shape(output)
    return np.zeros([0, *shape[1:]], np.float32), cut

  def run(self, segments: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Computes all outputs of one row, `[1, ...]`, by name.

    Args:
      segments: Tokens of the text, and of its pair if it has one, int32
        `[tokens]`.
    """
    return self._signatures.run(*self._pack(segments))

  def check_finite(self, numbers: np.ndarray) -> None:
    """Raises ValueError unless all numbers are finite."""
    if not np.isfinite(numbers).all():
      raise ValueError('The model gives numbers that are not finite. Export '
                       'it with another quantization.')

  def _budget(self, segments: Sequence[np.ndarray]) -> int:
    """Returns the number of tokens that are read, without special ones."""
    return self.metadata.max_length - plain_tokenizer.special_tokens(
        len(segments))

  def segments(self, texts: list[str],
               pairs: list[str] | None) -> Iterable[list[np.ndarray]]:
    """Yields the tokens of each text, and of its pair if it has one."""
    columns = [texts] if pairs is None else [texts, pairs]
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
      parts = [column[start:start + _TEXTS_AT_ONCE] for column in columns]
      # One premise often occurs with many hypotheses.
      distinct = list(dict.fromkeys(text for part in parts for text in part))
      tokens = dict(zip(distinct, self.tokenizer.tokenize(distinct),
                        strict=True))
      for row in zip(*parts, strict=True):
        yield [tokens[text] for text in row]

  @property
  def _text_names(self) -> tuple[str, ...]:
    """Names of the one or two texts that the model reads."""
    return predictor.text_names(self.metadata.kind, self.metadata.pairs)

  def _check(self, texts: Any, pairs: Any
             ) -> tuple[list[str], list[str] | None]:
    """Returns texts and pairs as strings, if they are what the model reads."""
    return predictor.check_texts(
        texts, pairs, self._text_names, self.metadata.kind.pair_title)


def open_runner(path: str | os.PathLike,
                kinds: Mapping[str, task_kind.TaskKind],
                num_threads: int | None) -> TFLiteRunner:
  """Opens a file; see `formats.Format.open`."""
  return TFLiteRunner(path, kinds, num_threads or 1)
