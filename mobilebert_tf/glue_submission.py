# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Collects fine-tuned GLUE tasks: their scores, and one zip for the server.

python -m mobilebert_tf.glue_submission --runs=runs/cola,runs/sst2,... \
  --output=submission.zip

Runs are folders of `mobilebert_tf.finetune`, or best/ of its search. Prints the
metrics of each task's held-out part, the GLUE score if all nine tasks are
there, and what the server would miss.
"""

from absl import flags
from absl import logging

from mobilebert_tf.common import outputs
from mobilebert_tf.common import program

_RUNS = flags.DEFINE_list('runs', None, 'Folders of runs.', required=True)
_LEAVE_OUT = flags.DEFINE_list(
    'leave_out', [], 'Tasks that do not count in the score; the paper leaves '
    'out wnli.')
_OUTPUT = flags.DEFINE_string(
    'output', None, 'Zip file to write.', required=True)


def main() -> None:
  import pathlib
  from mobilebert_tf.pipelines.finetuning import glue_runs

  output = pathlib.Path(_OUTPUT.value).expanduser()
  outputs.check_file(output, _is_zip, 'a zip file')
  runs = glue_runs.collect([pathlib.Path(run).expanduser()
                            for run in _RUNS.value])
  print(glue_runs.format_scores(runs, _LEAVE_OUT.value))
  for problem in glue_runs.write_submission(runs, output):
    print(f'The server will not take it: {problem}.')
  print(f'\nWritten: {output}')


def _is_zip(beginning: bytes) -> bool:
  return beginning.startswith(b'PK')


if __name__ == '__main__':
  program.run(main, verbosity=logging.ERROR)
