# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Text to tensors: corpora, records, readers of files, batches."""
