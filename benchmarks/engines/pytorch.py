# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Hugging Face's MobileBERT in PyTorch, and as PyTorch exports it to ONNX."""

from collections.abc import Callable
from typing import Any

from benchmarks.engines import contender

_NAMES = ('input_ids', 'attention_mask', 'token_type_ids')


def start(settings: contender.Settings, path: str) -> contender.Bind:
  """Loads the model, which runs eagerly."""
  del path
  return _bind(_model(settings))


def start_compiled(settings: contender.Settings, path: str) -> contender.Bind:
  """Compiles the model for any length."""
  import torch

  del path
  bind = _bind(torch.compile(_model(settings), dynamic=True))
  for length in settings.lengths[:2]:  # The second is where lengths get free.
    bind(settings.row(length))()
  # Too many times, and it would go on eagerly, without a word.
  torch.compiler.set_stance('fail_on_recompile')
  return bind


def write_onnx(settings: contender.Settings,
               quantizations: dict[str, str]) -> None:
  """Writes PyTorch's export for any length."""
  import torch

  path, = quantizations
  length = {1: torch.export.Dim('length', min=2, max=settings.lengths[-1])}
  with torch.no_grad():
    torch.onnx.export(
        _model(settings), _tensors(settings.row(settings.fixed)), path,
        dynamo=True, dynamic_shapes=(length,) * 3, input_names=_NAMES,
        output_names=[contender.HIDDEN], external_data=False, verbose=False)


def _bind(model: Any) -> contender.Bind:
  import torch
  torch.set_grad_enabled(False)

  def bind(row: contender.Row) -> Callable[[], Any]:
    tensors = _tensors(row)
    return lambda: model(*tensors).numpy()

  return bind


def _tensors(row: contender.Row) -> tuple[Any, ...]:
  import torch
  return tuple(map(torch.from_numpy, row))


def _model(settings: contender.Settings) -> Any:
  import torch
  import transformers

  torch.set_num_threads(settings.threads)

  class LastHidden(torch.nn.Module):
    """Takes no names, and gives the last hidden states alone."""

    def __init__(self):
      super().__init__()
      self.model = transformers.MobileBertModel.from_pretrained(
          settings.path('hugging_face'), add_pooling_layer=False)

    def forward(self, input_ids, attention_mask, token_type_ids):
      return self.model(
          input_ids=input_ids, attention_mask=attention_mask,
          token_type_ids=token_type_ids).last_hidden_state

  return LastHidden().eval()
