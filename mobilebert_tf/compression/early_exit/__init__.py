# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""DeeBERT: exits for a fine-tuned classifier (Xin et al. 2020)."""
