# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tasks, a folder each. Nothing is imported here: some need no TensorFlow."""
