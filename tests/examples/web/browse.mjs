// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// Opens the page in a headless Chromium, and prints what it answers as JSON.
//   node browse.mjs CHROMIUM URL [SCREENSHOT]

import puppeteer from 'puppeteer-core';

const [chromium, url, screenshot] = process.argv.slice(2);
const browser = await puppeteer.launch({
  executablePath: chromium, headless: true, timeout: 120_000,
  // The sandbox refuses root, as which tests run in containers.
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
});
try {
  const page = await browser.newPage();
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.setViewport({width: 760, height: 520});
  await page.goto(url, {timeout: 120_000});
  await page.waitForFunction(() => {
    const sections = [...document.querySelectorAll('section')];
    return sections.length && sections.every(
        ({dataset}) => dataset.answer || dataset.error);
  }, {timeout: 240_000});
  const answers = await page.$$eval(
      'section', (all) => all.map(({dataset}) => ({...dataset})));
  if (screenshot) {
    await page.screenshot({path: screenshot});
  }
  console.log(JSON.stringify({answers, requests}));
} finally {
  await browser.close();
}
