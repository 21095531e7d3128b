// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// LiteRT.js and ONNX Runtime Web: from tokens to the numbers of a model.

let liteRt = null;  // Loaded once for all models.

let last = Promise.resolve();

/**
 * Runs a task after all that were given before it. With several models loading
 * and answering at once, ONNX Runtime Web once failed from within; why is not
 * known.
 */
function inTurn(task) {
  const result = last.then(task);
  last = result.catch(() => {});
  return result;
}

/**
 * Opens a .tflite file with LiteRT.js.
 *
 * @param {Uint8Array} bytes The file.
 * @param {Object} metadata Its metadata.
 * @param {number} pad Id of [PAD].
 * @return {Promise<function(number[], number[]): Promise<Object>>} Function
 *     from ids and segments to the outputs by name.
 */
export async function openLiteRt(bytes, metadata, pad) {
  if (!metadata.lengths.length) {
    throw new Error('The file has no signature of one length. Export it ' +
                    'without --dynamic_length.');
  }
  const {loadLiteRt, loadAndCompile, Tensor} = await import('@litertjs/core');
  await (liteRt ??= loadLiteRt('./lib/litert/wasm/'));
  const model = await loadAndCompile(bytes, {accelerator: 'wasm'});
  return async (ids, types) => {
    // One [PAD] at least follows a text, which its last token reads; files for
    // MediaPipe add it themselves.
    const least = ids.length + (metadata.runtime === 'mediapipe' ? 0 : 1);
    const length = metadata.lengths.find((each) => each >= least);
    const fill = (values, filling) => new Tensor(Int32Array.from(
        {length}, (_, i) => i < ids.length ? values[i] : filling), [1, length]);
    const inputs = {
      input_word_ids: fill(ids, pad),
      input_mask: fill(ids.map(() => 1), 0),
      input_type_ids: fill(types, 0),
    };
    const outputs = await model.run(`serve_${length}`, inputs);
    const found = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      found[name] = Float32Array.from(tensor.toTypedArray());
      tensor.delete();
    }
    Object.values(inputs).forEach((tensor) => tensor.delete());
    return found;
  };
}

/** Opens an .onnx file with ONNX Runtime Web; see `openLiteRt`. */
export async function openOnnx(bytes) {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.wasmPaths = new URL('./lib/ort/', document.baseURI).href;
  ort.env.wasm.numThreads = 1;  // More need headers that file servers lack.
  const session = await inTurn(() => ort.InferenceSession.create(
      bytes, {executionProviders: ['wasm']}));
  return async (ids, types) => {
    const tensor = (values) => new ort.Tensor(
        'int64', BigInt64Array.from(values, BigInt), [1, values.length]);
    const outputs = await inTurn(() => session.run({
      input_ids: tensor(ids),
      attention_mask: tensor(ids.map(() => 1)),
      token_type_ids: tensor(types),
    }));
    return Object.fromEntries(Object.entries(outputs).map(
        ([name, {data}]) => [name, data]));
  };
}
