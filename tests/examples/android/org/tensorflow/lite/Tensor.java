// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

package org.tensorflow.lite;

/** The method of LiteRT's class that the sample calls. */
public final class Tensor {
  private final int elements;

  Tensor(int elements) {
    this.elements = elements;
  }

  public int numElements() {
    return elements;
  }
}
