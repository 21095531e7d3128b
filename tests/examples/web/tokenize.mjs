// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// Encodes the texts of a JSON object on standard input, and prints the inputs.

import {readFileSync} from 'node:fs';

import {Tokenizer} from '../../../examples/web/tokenizer.mjs';

const {tokens, lower_case, max_word_length, max_length, texts} =
    JSON.parse(readFileSync(0, 'utf-8'));
const tokenizer = new Tokenizer(tokens, lower_case, max_word_length);
console.log(JSON.stringify(texts.map(
    ([text, pair]) => tokenizer.encode(text, pair, max_length))));
