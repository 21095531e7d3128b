// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// Copies what the page loads from node_modules/ to lib/, for a file server.

import {cp, mkdir, rm} from 'node:fs/promises';

const FILES = {
  '@litertjs/core/dist/index.js': 'litert/index.js',
  '@litertjs/wasm-utils/dist/index.js': 'litert/wasm_utils.js',
  '@litertjs/core/wasm': 'litert/wasm',
  'onnxruntime-web/dist/ort.wasm.min.mjs': 'ort/ort.wasm.min.mjs',
  'onnxruntime-web/dist/ort-wasm-simd-threaded.mjs':
      'ort/ort-wasm-simd-threaded.mjs',
  'onnxruntime-web/dist/ort-wasm-simd-threaded.wasm':
      'ort/ort-wasm-simd-threaded.wasm',
};

await rm('lib', {recursive: true, force: true});
for (const [source, target] of Object.entries(FILES)) {
  await mkdir(`lib/${target}`.replace(/\/[^/]*$/, ''), {recursive: true});
  await cp(`node_modules/${source}`, `lib/${target}`, {recursive: true});
}
