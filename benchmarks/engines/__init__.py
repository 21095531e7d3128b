# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Who takes part in `inference.py`: one module for each origin of a network."""
