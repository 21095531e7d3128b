# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Configurations as YAML: runs worth repeating, in experiments/.

The wheel installs this folder as `mobilebert_tf.configs`.
"""
