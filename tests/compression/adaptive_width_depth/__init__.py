# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0
