# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""DynaBERT: one checkpoint, a family of models (Hou et al. 2020)."""
