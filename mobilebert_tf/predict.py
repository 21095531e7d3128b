# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Answers lines of text with a fine-tuned model, as JSON lines.

echo 'a gripping film' | python -m mobilebert_tf.predict --model_dir=runs/sst2
python -m mobilebert_tf.predict --model_dir=runs/squad --input=questions.jsonl

A line is a text, or a JSON object: {"text": ...}, {"text": ..., "pair": ...},
{"words": [...]} or {"question": ..., "context": ...}, as the model needs; an
"id" comes back with the answer. The answers go to standard output, one for
each line, in order, as soon as they are known. A line that cannot be answered
gets an "error". Starts and ends count characters.

Exits with 0 if all lines were answered, with 2 if some were not, and with 1 if
the program could not run.
"""

import json
import os
import re
import sys

from absl import flags

from mobilebert_tf.common import program

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None,
    'The --model_dir of a fine-tuning run, or a checkpoint of any format with '
    'a vocab.txt and a head: of a classifier, a token classifier or for '
    'question answering.', required=True)
_INPUT = flags.DEFINE_string(
    'input', '-', 'File of lines, which may be compressed (.gz); - is standard '
    'input.')
_FORMAT = flags.DEFINE_enum(
    'input_format', 'auto', ['auto', 'text', 'json'],
    'Format of a line. With auto, all are JSON if the first begins with {.')
_LOWER_CASE = program.DEFINE_case(
    'lower_case', None, 'Whether the tokenizer lower-cases, where a checkpoint '
    'says it wrongly or not at all; a run of ours knows.')
_BATCH_SIZE = flags.DEFINE_integer(
    'batch_size', 32, 'Texts that are computed together.', lower_bound=1)

_SOME_FAILED, _BROKEN_PIPE = 2, 141
# Characters that end a line for some readers, or change how a terminal shows
# the ones after them.
_ESCAPED = re.compile(
    '[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]')


def main() -> int:
  try:
    with _open(_INPUT.value) as stream:
      return _answer(stream)
  except BrokenPipeError:  # The reader of the answers has enough of them.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _BROKEN_PIPE


def _open(path):
  """Opens the input such that reads return what there is without waiting."""
  import gzip
  from mobilebert_tf.common import files

  if path == '-':
    if sys.stdin.isatty():
      print('predict: reading lines from the terminal; Ctrl-D ends them.',
            file=sys.stderr)
    return open(sys.stdin.fileno(), 'rb', buffering=0, closefd=False)
  path = files.find_file(path)
  if files.is_gzip(path):
    return gzip.open(path, 'rb')
  return open(path, 'rb', buffering=0)


def _answer(stream) -> int:
  """Answers all lines of a stream, and returns the code to exit with."""
  from mobilebert_tf.inference import line_answers
  from mobilebert_tf.inference import loading
  from mobilebert_tf.tasks import registry

  trained = loading.with_case(
      registry.load(_MODEL_DIR.value), _LOWER_CASE.value)
  answerer = trained.kind.line_answerer(trained, _BATCH_SIZE.value)
  line_format = _FORMAT.value
  if answerer.needs_json:
    if line_format == 'text':
      raise ValueError(
          f'{_MODEL_DIR.value} reads two texts, which a line of plain text '
          'does not hold. Give it JSON lines.')
    line_format = 'json'
  parser = line_answers.LineParser(line_format)
  lines = failed = 0
  for block in line_answers.read_blocks(stream):
    answers = answerer.answer([parser.parse(line) for line in block])
    lines += len(answers)
    failed += sum('error' in answer for answer in answers)
    sys.stdout.buffer.write(b''.join(map(_encode, answers)))
    sys.stdout.buffer.flush()
  if failed:
    print(f'predict: {failed:,} of {lines:,} lines could not be answered; each '
          'has an "error".', file=sys.stderr)
  return _SOME_FAILED if failed else 0


def _encode(answer: dict[str, object]) -> bytes:
  text = json.dumps(answer, ensure_ascii=False)
  text = _ESCAPED.sub(lambda found: f'\\u{ord(found.group()):04x}', text)
  return f'{text}\n'.encode()


if __name__ == '__main__':
  program.run(main)
