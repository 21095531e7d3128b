# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""How programs say what their users can mend."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def errors_in_a_line(
    program: str, interrupted: str = 'the same command goes on.',
    also: tuple[type[Exception], ...] = ()) -> Iterator[None]:
  """Ends the program with a line where its user can mend what is wrong.

  Args:
    program: Its name.
    interrupted: What to say if it is interrupted.
    also: Errors that its user can mend, besides the usual ones.

  Yields:
    Nothing.

  Example: `with errors_in_a_line('finetune'): ...`
  """
  # TensorFlow tells at length what this machine lacks.
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
  import tensorflow as tf
  try:
    yield
  except (ArithmeticError, OSError, ValueError, tf.errors.OpError,
          *also) as error:
    # Gin adds in which of the Model Garden's functions it was.
    sys.exit(f'{program}: ' + str(error).partition('\n  In call to')[0])
  except KeyboardInterrupt:
    print(f'\n{program}: interrupted; {interrupted}', file=sys.stderr)
    sys.exit(130)
