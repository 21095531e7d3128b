# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Base class of our models: a functional graph with its own constructor."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import validation

_load: Callable[..., 'GraphModel'] | None = None
_save: Callable[..., None] | None = None


def register_checkpoints(load: Callable[..., 'GraphModel'],
                         save: Callable[..., None]) -> None:
  """Registers the functions behind `from_pretrained` and `save_pretrained`.

  `mobilebert_tf.checkpoints`, which is built on this package, calls it when it
  is imported.

  Args:
    load: Function of a model class and the arguments of `from_pretrained`.
    save: Function of a model and the arguments of `save_pretrained`.
  """
  global _load, _save
  _load, _save = load, save


class GraphModel(tf_keras.Model):
  """A functional model that is rebuilt from a few constructor arguments.

  A subclass passes its graph of layers to `super().__init__(inputs, outputs)`
  and returns the arguments of its constructor in `constructor_config`. Its
  `get_config` holds these arguments, from which `cls.from_config`, the `.keras`
  file, a SavedModel and `clone_model` rebuild the same class, and the graph,
  from which `tf_keras.Model.from_config` rebuilds the same computation.

  Calls accept a dict with at least the names of `inputs`, or a list in their
  order, and check it (`validation.check_encoder_inputs`).
  """

  # Required inputs after the encoder's three, with the dtypes accepted.
  _extra_inputs: dict[str, tuple[tf.DType, ...]] = {}

  @property
  def max_length(self) -> int:
    """Length of the longest sequence that the model accepts, in tokens."""
    raise AttributeError(f'{type(self).__name__} does not define max_length.')

  @classmethod
  def from_pretrained(cls, name_or_folder: str, *,
                      checkpoint_format: str | None = None,
                      revision: str | None = None, dtype: Any = None,
                      **arguments: Any) -> 'GraphModel':
    """Builds the model with the weights of a checkpoint of any format.

    Heads that the checkpoint lacks are initialized, and heads that the model
    lacks are left out, both with a line in the log. All other weights of the
    two have to match.

    Args:
      name_or_folder: A folder of google-research (TF1), Hugging Face, the Model
        Garden or this package, one checkpoint in such a folder
        (`run/ckpt-400`), or a name on the Hugging Face hub.
      checkpoint_format: `'tf1'`, `'hugging_face'`, `'model_garden'` or
        `'mobilebert_tf'`; recognised if None.
      revision: Branch, tag or commit on the hub.
      dtype: Dtype policy, as for `MobileBertEncoder`.
      **arguments: Arguments of the constructor, such as `num_classes`, and
        settings of the architecture to change: `attention_mask`,
        `attention_dropout_rate`, `hidden_dropout_rate`, `initializer_range`.

    Returns:
      The model.

    Raises:
      FileNotFoundError: If there is no such checkpoint, or the hub cannot be
        reached and its cache lacks the model.
      ValueError: If the checkpoint is damaged, of another model or does not fit
        its config, or an argument is unknown.
      RuntimeError: If `mobilebert_tf.checkpoints` was not imported.

    Example:

      model = MobileBertClassifier.from_pretrained(
          'google/mobilebert-uncased', num_classes=2)
    """
    return _registered(_load)(
        cls, name_or_folder, checkpoint_format=checkpoint_format,
        revision=revision, dtype=dtype, **arguments)

  def save_pretrained(self, folder: str, *, vocab_file: str | None = None,
                      lower_case: bool | None = None,
                      overwrite: bool = False) -> None:
    """Writes a folder that Hugging Face `transformers` loads.

    The folder appears only after it was read again and compared.

    Args:
      folder: Path of the new folder.
      vocab_file: Path of the vocabulary; if None, the one beside the checkpoint
        that the model was built from.
      lower_case: Whether the tokenizer lower-cases; if None, as that
        checkpoint's.
      overwrite: Whether a folder written by this method may be replaced.

    Raises:
      FileExistsError: If the folder is not empty, and may not be replaced.
      ValueError: If the vocabulary does not have the size of the word table.
      RuntimeError: If `mobilebert_tf.checkpoints` was not imported.

    Example: `model.save_pretrained('mobilebert-mine', vocab_file='vocab.txt')`
    """
    _registered(_save)(
        self, folder, vocab_file=vocab_file, lower_case=lower_case,
        overwrite=overwrite)

  def constructor_config(self) -> dict[str, Any]:
    """Returns JSON-serializable arguments that make an equal model."""
    raise AttributeError(
        f'{type(self).__name__} does not define constructor_config.')

  def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
    inputs = validation.check_encoder_inputs(
        inputs, self.max_length, self._extra_inputs)
    return super().__call__(inputs, *args, **kwargs)

  def get_config(self) -> dict[str, Any]:
    graph = tf_keras.Model(self.inputs, self.output, name=self.name)
    return {
        **graph.get_config(),
        'trainable': self.trainable,
        'constructor': self.constructor_config(),
    }

  @classmethod
  def from_config(cls, config: dict[str, Any],
                  custom_objects: dict[str, Any] | None = None
                  ) -> 'GraphModel':
    del custom_objects  # Every class of a graph of ours is registered.
    model = cls(**config['constructor'], name=config['name'])
    for layer in config.get('layers', ()):  # Frozen layers stay frozen.
      if not layer['config'].get('trainable', True):
        model.get_layer(layer['config']['name']).trainable = False
    if not config.get('trainable', True):
      model.trainable = False
    return model


def _registered(function: Callable[..., Any] | None) -> Callable[..., Any]:
  if function is None:
    raise RuntimeError(
        'No checkpoint formats are registered. Import mobilebert_tf.checkpoints'
        ', which registers them, or import the models with '
        '"from mobilebert_tf import modeling", which does both.')
  return function
