# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Programs that turn a trained model into something to deploy.

The wheel installs this folder as `mobilebert_tf.export`.
"""
