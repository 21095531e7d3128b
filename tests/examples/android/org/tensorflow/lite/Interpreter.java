// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

package org.tensorflow.lite;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The methods of LiteRT's class that the sample calls.
 *
 * <p>Android's library cannot be had from PyPI, npm or Debian. This one asks the test, on standard
 * output, to run LiteRT's own interpreter in Python, and refuses two calls at once.
 */
public final class Interpreter implements AutoCloseable {
  /** Options of an interpreter. */
  public static class Options {
    public Options setNumThreads(int threads) {
      return this;
    }
  }

  /** Standard input, which the test's calls come from as well. */
  public static final BufferedReader ANSWERS =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

  private final AtomicBoolean running = new AtomicBoolean();

  public Interpreter(ByteBuffer model, Options options) {
    if (!model.isDirect()) {
      throw new IllegalArgumentException("Map the model, or copy it into a direct buffer.");
    }
  }

  public Tensor getOutputTensorFromSignature(String output, String signature) {
    return new Tensor(Integer.parseInt(ask("size " + signature + " " + output)));
  }

  public void runSignature(
      Map<String, Object> inputs, Map<String, Object> outputs, String signature) {
    if (!running.compareAndSet(false, true)) {
      throw new IllegalStateException("Two threads use the interpreter at once.");
    }
    StringBuilder line = new StringBuilder("run ").append(signature);
    for (Map.Entry<String, Object> input : inputs.entrySet()) {
      int[] numbers = ((IntBuffer) input.getValue()).array();
      line.append(' ').append(input.getKey()).append('=');
      line.append(Arrays.toString(numbers).replace(" ", ""));
    }
    ask(line.toString());
    for (Map.Entry<String, Object> output : outputs.entrySet()) {
      for (String number : ask("output " + output.getKey()).split(",")) {
        ((FloatBuffer) output.getValue()).put(Float.parseFloat(number));
      }
    }
    running.set(false);
  }

  private static String ask(String question) {
    System.out.println("? " + question);
    System.out.flush();
    try {
      return ANSWERS.readLine();
    } catch (IOException exception) {
      throw new IllegalStateException(exception);
    }
  }

  @Override
  public void close() {}
}
