// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// Prints what a model in the browser computes of each text, as JSON.
//   node runtime_browser.mjs CHROMIUM PAGE MODEL < texts.json

import {text} from 'node:stream/consumers';
import puppeteer from 'puppeteer-core';

const [chromium, page, model] = process.argv.slice(2);
const texts = JSON.parse(await text(process.stdin));
const browser = await puppeteer.launch({
  executablePath: chromium, headless: true, protocolTimeout: 1_800_000,
  // The sandbox refuses root, as which benchmarks run in containers.
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
});
try {
  const tab = await browser.newPage();
  await tab.goto(page, {timeout: 120_000});
  const rows = await tab.evaluate(async (url, texts) => {
    const {Predictor} = await import(
        new URL('predictor.mjs', location.href).href);
    const predictor = await Predictor.load(url);
    const rows = [];
    for (const [text, pair] of texts) {
      const {ids, types} = predictor.tokenizer.encode(
          text, pair, predictor.file.metadata.max_length);
      const outputs = await predictor.run(ids, types);
      rows.push(Object.fromEntries(Object.entries(outputs).map(
          ([name, values]) => [name, Array.from(values)])));
    }
    return rows;
  }, model, texts);
  console.log(JSON.stringify(rows));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await browser.close();
}
