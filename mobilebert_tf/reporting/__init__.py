# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Reports for people: HTML pages, plots and tables for the terminal.

One file a report, on the shared `page`, `plots` and `text`. Nothing here
imports TensorFlow, and matplotlib loads only where it draws.
"""
