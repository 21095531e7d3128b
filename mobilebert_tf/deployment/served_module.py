# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A model as TensorFlow Serving runs it: from ids, examples or text."""

import abc
from collections.abc import Callable, Iterable, Mapping, Sequence
import hashlib
from typing import Any

from absl import logging
import tensorflow as tf, tf_keras

from mobilebert_tf.deployment import inputs as inputs_lib
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import rewriting
from mobilebert_tf.modeling import layout
from mobilebert_tf.modeling import validation
from mobilebert_tf.text import tokenizer as tokenizer_lib
from official.core import export_base

# Names of signatures by the function that computes them.
SIGNATURES = {
    'serve': 'serving_default',
    'serve_examples': 'serve_examples',
    'serve_text': 'serve_text',
}
# XLA compiles for each shape, so lengths are rounded up to few.
_XLA_LENGTHS = (16, 32, 64, 128, 256)


class ServedModule(export_base.ExportModule):
  """Answers ids, serialized examples and texts.

  No answer depends on padding, on what a client left in it, or on the other
  texts of a batch. Rows are computed some at a time, sorted by length, so that
  ten thousand of them need little more memory than some dozens.

  A subclass defines `_summarize` and, where its answers have more parts,
  `_describe` and `_describe_tokens`.

  Args:
    model: The model, rewritten for inference or as an `InferenceModel`.
    tokenizer: The tokenizer that it was trained with.
    max_length: Maximum length of a text in tokens, special tokens included; the
      rest is cut off.
    pairs: Whether it reads two texts.
    xla: Whether the model is compiled by XLA.
  """

  # Inputs of `serve_text`: one name, or two for pairs.
  _text_names: Sequence[str] = ('text', 'pair')
  # Signatures of its SavedModel, by function.
  signatures: Mapping[str, str] = SIGNATURES
  # Whether `numbers` alone, of a text cut off at its end, answer it.
  answers_whole_texts = True

  def __init__(self, model: tf.Module,
               tokenizer: tokenizer_lib.Tokenizer, max_length: int, *,
               pairs: bool = False, xla: bool = False):
    super().__init__(params=None, model=model,
                     inference_step=lambda inputs, model: model(inputs))
    self.tokenizer = tokenizer
    self._architecture = model.architecture
    self.max_length = min(
        max_length, self._architecture.max_position_embeddings - 1)
    self._pairs = pairs
    self._xla = xla
    longest = {self.max_length + 1, self._architecture.max_position_embeddings}
    self._lengths = [] if not xla else sorted(
        {n for n in _XLA_LENGTHS if n <= max(longest)} | longest)
    compute = tf.function(
        lambda inputs: self.inference_step(inputs), autograph=False,
        jit_compile=xla)
    self._compute = lambda inputs: compute(inputs)  # Not tracked.

  @property
  def text_inputs(self) -> tuple[str, ...]:
    """The names of the inputs of `serve_text`."""
    return tuple(self._text_names[:1 + self._pairs])

  @tf.function(autograph=False)
  def serve(self, input_word_ids: tf.Tensor, input_mask: tf.Tensor,
            input_type_ids: tf.Tensor) -> dict[str, tf.Tensor]:
    """Answers encoded texts.

    Args:
      input_word_ids: int32 `[batch, length]`.
      input_mask: int32 `[batch, length]`, 1 for tokens, 0 for any padding.
      input_type_ids: int32 `[batch, length]`.

    Returns:
      Outputs by name, a row for each text.
    """
    given = self._check(
        'serve', input_word_ids=input_word_ids, input_mask=input_mask,
        input_type_ids=input_type_ids)
    inputs = self._check_ids(*(given[name] for name in validation.INPUT_NAMES))
    return self._map_ids(
        lambda rows: [tf.gather(value, rows) for value in inputs],
        inputs_lib.lengths(inputs[1]), tf.shape(inputs[0])[1])

  @tf.function(autograph=False)
  def serve_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
    """Answers serialized `tf.train.Example`s, as `serve`.

    Args:
      examples: string `[batch]`, with the features of `serve`, int64 of any
        length;
        without a mask all ids are tokens, without type ids of the first text.
    """
    given = self._check('serve_examples', examples=examples)
    feature = tf.io.RaggedFeature(tf.int64, row_splits_dtype=tf.int64)
    found = tf.io.parse_example(
        given['examples'], dict.fromkeys(validation.INPUT_NAMES, feature))
    found = [found[name] for name in validation.INPUT_NAMES]
    # Filled up, a small request could take any amount of memory.
    rows = inputs_lib.cut_rows(
        *found, self._architecture.max_position_embeddings)
    values = self._check_ids(*(each.values for each in rows))
    words, mask, types = (
        each.with_values(value)
        for each, value in zip(rows, values, strict=True))
    pad_id = self.tokenizer.vocabulary.pad_id

    def take(rows: tf.Tensor) -> list[tf.Tensor]:
      return [tf.gather(each, rows).to_tensor(filling) for each, filling in (
          (words, pad_id), (mask, 0), (types, 0))]

    return self._map_ids(
        take, words.row_lengths(), found[0].bounding_shape(axis=1))

  @tf.function(autograph=False)
  def serve_text(self, **texts: tf.Tensor) -> dict[str, tf.Tensor]:
    """Answers raw texts, as `serve`.

    Args:
      **texts: string `[batch]`, UTF-8, by the names of `text_inputs`.

    Returns:
      As `serve`, and `truncated`, bool `[batch]`, whether a text was longer
      than the model reads.
    """
    texts = self._check('serve_text', **texts)
    first, *others = (texts[name] for name in self.text_inputs)
    same = [tf.debugging.assert_equal(
        tf.size(other), tf.size(first),
        f'There have to be as many of {" as of ".join(self.text_inputs)}.')
            for other in others]
    with tf.control_dependencies(same):
      segments = [self.tokenizer.tokenize(text) for text in (first, *others)]
    budget = self.max_length - len(segments) - 1
    tokens = tf.add_n([each.row_lengths() for each in segments])
    segments = tokenizer_lib.trim(segments, budget)
    return {**self._describe(
        self._map_segments(self._summarize_segments, segments)),
            'truncated': tokens > budget}

  def numbers(self, *inputs: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns the numeric outputs by name, as a TFLite file computes them.

    Args:
      *inputs: Word ids, mask and type ids, int32 `[batch, length]`; all shapes
        are as static as theirs.
    """
    outputs = self.inference_step(inputs)
    return {**self._summarize(outputs, inputs[1]),
            **self._describe_tokens(outputs, inputs[1])}

  def file_signatures(
      self, signature: str, length: int | None
  ) -> dict[str, tf.types.experimental.ConcreteFunction]:
    """Returns further signatures of a TFLite file, by name.

    Args:
      signature: The one that computes `numbers` for a length.
      length: The length in tokens; None for any.
    """
    del signature, length
    return {}

  def get_inference_signatures(
      self, function_keys: Mapping[str, str]) -> dict[str, Any]:
    """Returns concrete functions by signature name.

    Args:
      function_keys: Signature names by function, such as `signatures`.

    Raises:
      ValueError: For an unknown function.
    """
    specs = self._specs()
    unknown = sorted(set(function_keys) - set(specs))
    if unknown:
      raise ValueError(
          f'Unknown function {", ".join(unknown)}; accepted: '
          f'{", ".join(specs)}.')
    return {
        key: getattr(self, function).get_concrete_function(**{
            name: tf.TensorSpec(spec.shape, spec.dtype, name)
            for name, spec in specs[function].items()
        }) for function, key in function_keys.items()
    }

  # === For subclasses ===

  @abc.abstractmethod
  def _summarize(self, outputs: Any, mask: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns the outputs about whole texts, each `[batch, ...]`.

    Args:
      outputs: Outputs of the model.
      mask: int32 `[batch, length]`.
    """

  def _describe(self, summary: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Adds the outputs that are strings to the summary of all texts."""
    return summary

  def _describe_tokens(self, outputs: Any,
                       mask: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns the outputs about tokens, each `[batch, length, ...]`."""
    del outputs, mask
    return {}

  def _specs(self) -> dict[str, dict[str, tf.TensorSpec]]:
    """Returns the inputs by name of each function that can be a signature."""
    ids, strings = tf.TensorSpec([None, None]), tf.TensorSpec([None], tf.string)
    return {
        'serve': dict.fromkeys(
            validation.INPUT_NAMES, tf.TensorSpec(ids.shape, tf.int32)),
        'serve_examples': {'examples': strings},
        'serve_text': dict.fromkeys(self.text_inputs, strings),
    }

  def _check(self, function: str, **given: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns the inputs of a function, which fail if of other shapes."""
    return inputs_lib.ensure_shapes(given, self._specs()[function])

  def _map_segments(
      self, function: Callable[..., dict[str, tf.Tensor]],
      segments: Sequence[tf.RaggedTensor]) -> dict[str, tf.Tensor]:
    """Calls a function on segments of some texts at a time."""
    return inputs_lib.map_rows(
        lambda rows: function(*(tf.gather(s, rows) for s in segments)),
        tf.add_n([s.row_lengths() for s in segments]), full=self._xla)

  def _run(self, *segments: tf.RaggedTensor
           ) -> tuple[Any, dict[str, tf.Tensor]]:
    """Returns the model's outputs for trimmed segments, and its inputs."""
    inputs = self.tokenizer.pack(segments)
    if self._xla:
      inputs = dict(zip(validation.INPUT_NAMES, self._fit(
          *(inputs[name] for name in validation.INPUT_NAMES)), strict=True))
    return self._compute([inputs[n] for n in validation.INPUT_NAMES]), inputs

  # === Steps ===

  def _check_ids(self, *inputs: tf.Tensor) -> list[tf.Tensor]:
    return inputs_lib.check(
        *inputs, pad_id=self.tokenizer.vocabulary.pad_id,
        architecture=self._architecture)

  def _map_ids(self, take: Callable[[tf.Tensor], list[tf.Tensor]],
               lengths: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
    """Answers encoded texts, some at a time.

    Args:
      take: Function from row numbers to the three inputs of these rows.
      lengths: Place after the last token of each row.
      length: Length of a row as it was sent, to which outputs about tokens are
        filled up, but not beyond the model's positions.
    """
    length = tf.minimum(tf.cast(length, tf.int32),
                        self._architecture.max_position_embeddings)

    def compute(rows: tf.Tensor) -> dict[str, tf.Tensor]:
      inputs = self._fit(*take(rows))
      outputs = self._compute(inputs)
      found = self._summarize(outputs, inputs[1])
      for name, values in self._describe_tokens(outputs, inputs[1]).items():
        fits = inputs_lib.check_size(tf.size(lengths), length, values)
        with tf.control_dependencies([fits]):
          found[name] = inputs_lib.to_length(values, length)
      return found

    return self._describe(inputs_lib.map_rows(compute, lengths, full=self._xla))

  def _summarize_segments(self, *segments: tf.RaggedTensor
                          ) -> dict[str, tf.Tensor]:
    outputs, inputs = self._run(*segments)
    return self._summarize(outputs, inputs['input_mask'])

  def _fit(self, *inputs: tf.Tensor) -> list[tf.Tensor]:
    return inputs_lib.fit(
        *inputs, pad_id=self.tokenizer.vocabulary.pad_id,
        architecture=self._architecture, allowed=self._lengths)


def build(trained: loading.TrainedModel,
          batches: Iterable[Mapping[str, tf.Tensor]] = (), *,
          fold: bool = True, xla: bool = False) -> ServedModule:
  """Folds a model for inference, and puts its tokenizer before it.

  Args:
    trained: The model.
    batches: Inputs to calibrate with, as for `rewriting.rewrite`.
    fold: Whether it is folded; if not, the Keras model runs, for comparison.
    xla: Whether the model is compiled by XLA.

  Raises:
    task_kind.MissingPartError: If models of this kind are not exported.
    ValueError: If a weight is not finite.

  Example: `build(trained).serve_text(text=texts)['label']`
  """
  architecture = getattr(trained.model, 'encoder', trained.model).architecture
  if not layout.encoder_layout(architecture).block.ignores_padding:
    logging.warning(
        'attention_mask=%s gives padding some weight, so the answers of this '
        'export depend on how far a text is padded, as they did in training.',
        architecture.attention_mask)
  model = (rewriting.rewrite(trained.model, batches) if fold
           else rewriting.InferenceModel(trained.model))
  return trained.kind.served_module(
      trained, model,
      tokenizer_lib.Tokenizer.of(trained), xla=xla)


def weights_sha256(model: tf_keras.Model) -> str:
  """Returns the checksum of a model's weights."""
  digest = hashlib.sha256()
  for weight in sorted(model.weights, key=lambda weight: weight.name):
    digest.update(f'{weight.name} {weight.shape} {weight.dtype}'.encode())
    digest.update(weight.numpy().tobytes())
  return digest.hexdigest()
