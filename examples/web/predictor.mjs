// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// Text in, answer out, with a file of export_tflite or export_onnx.

import {readModelFile} from './model_file.mjs';
import {openLiteRt, openOnnx} from './runtimes.mjs';
import {Tokenizer} from './tokenizer.mjs';

// What the outputs of each task are made to.
const classify = ({probabilities}, {labels}) => {
  const best = probabilities.indexOf(Math.max(...probabilities));
  return {label: labels[best], probability: probabilities[best]};
};
const ANSWERS = {
  classification: classify,
  early_exit_classification: classify,  // By the whole model.
  multi_label_classification: ({probabilities}, {labels, metadata}) => {
    const {thresholds} = metadata.multi_label_classification;
    return {labels: labels.filter((_, i) => probabilities[i] >= thresholds[i]),
            probabilities: Array.from(probabilities)};
  },
  regression: ({score}) => ({score: score[0]}),
  embedding: ({mean_output}) => ({vector: Array.from(mean_output)}),
  sentence_embedding: (outputs) => ({
    vector: Array.from(outputs.vector ?? outputs.sentence_embedding)}),
};

/**
 * Answers texts.
 *
 * Example: await (await Predictor.load('sst2.tflite')).answer('a fine film')
 */
export class Predictor {
  /** Loads a .tflite or an .onnx file from a URL. */
  static async load(url) {
    const response = await fetch(url);
    if (!response.ok) {
      throw new Error(`${url}: ${response.status} ${response.statusText}`);
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    const file = readModelFile(bytes);
    const {task, lower_case, max_word_length} = file.metadata;
    if (!(task in ANSWERS)) {
      throw new Error(`${url} is of the task ${task}; this page answers ` +
                      `${Object.keys(ANSWERS).join(', ')}.`);
    }
    const tokenizer = new Tokenizer(file.tokens, lower_case, max_word_length);
    const open = file.isTFLite ? openLiteRt : openOnnx;
    return new Predictor(file, tokenizer,
                         await open(bytes, file.metadata, tokenizer.pad));
  }

  constructor(file, tokenizer, run) {
    this.file = file;
    this.tokenizer = tokenizer;
    this.run = run;
  }

  /** Whether it reads two texts. */
  get pairs() {
    return this.file.metadata.pairs;
  }

  /** Returns the answer to a text, or to a pair. */
  async answer(text, pair = null) {
    const {ids, types, truncated} = this.tokenizer.encode(
        text, this.pairs ? pair ?? '' : null, this.file.metadata.max_length);
    const outputs = await this.run(ids, types);
    return {...ANSWERS[this.file.metadata.task](outputs, this.file), truncated};
  }
}
