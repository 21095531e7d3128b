# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The old name of what `mobilebert_tf` itself offers now, for one release."""

from typing import Any

import mobilebert_tf


def __getattr__(name: str) -> Any:
  return getattr(mobilebert_tf, name)
