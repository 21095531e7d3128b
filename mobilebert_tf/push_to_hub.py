# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Uploads a model with its card to the Hugging Face hub.

python -m mobilebert_tf.push_to_hub --model_dir=runs/sst2 --repo_id=me/sst2 \
  --licence=apache-2.0 --exports=sst2.tflite

A fine-tuning run becomes a folder that transformers (of a sentence encoder,
sentence-transformers) and this package load by its name; a folder that
convert_checkpoint or save_pretrained wrote goes up as it is. Log in first: `hf
auth login`, or HF_TOKEN. Without a licence nothing is uploaded.
"""

from absl import flags

from mobilebert_tf.common import program

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None, 'The --output_dir of finetune, or a Hugging Face folder '
    'that this package wrote.', required=True)
_REPO_ID = flags.DEFINE_string(
    'repo_id', None, 'Name on the hub, as owner/name.', required=True)
_LICENCE = flags.DEFINE_string(
    'licence', '', "Licence by the hub's identifier, such as apache-2.0, if "
    'the card names none yet.')
_EXPORTS = flags.DEFINE_list(
    'exports', [], 'Exported files to upload beside it.')
_PRIVATE = flags.DEFINE_bool(
    'private', False, 'Make a new repository that only its owner sees.')


def main() -> None:
  from mobilebert_tf.pipelines import publishing

  print(publishing.push(
      _MODEL_DIR.value, _REPO_ID.value, licence=_LICENCE.value,
      exports=_EXPORTS.value, private=_PRIVATE.value))


if __name__ == '__main__':
  program.run(main, interrupted='the same command goes on.')
