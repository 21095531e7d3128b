// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// Answers what is typed with each model that the address names, such as
// index.html?model=model.tflite&model=model_quantized.onnx&text=a+fine+film

import {Predictor} from './predictor.mjs';

const parameters = new URLSearchParams(location.search);
const urls = parameters.getAll('model');
const [text, pair] = ['text', 'pair'].map((id) => document.getElementById(id));

function addSection(url) {
  const section = document.createElement('section');
  const [title, output, note] = ['h2', 'output', 'small'].map(
      (name) => section.appendChild(document.createElement(name)));
  title.textContent = url;
  note.textContent = 'Loading …';
  document.getElementById('models').append(section);
  return {section, output, note};
}

function describe(answer) {
  if ('label' in answer) {
    return `${answer.label} (${(100 * answer.probability).toFixed(1)} %)`;
  }
  if ('labels' in answer) {
    return answer.labels.join(', ') || 'none of the labels';
  }
  if ('score' in answer) {
    return answer.score.toFixed(3);
  }
  const first = answer.vector.slice(0, 5).map((each) => each.toFixed(3));
  return `[${first.join(', ')}, …], ${answer.vector.length} numbers`;
}

async function show(url) {
  const {section, output, note} = addSection(url);
  try {
    const predictor = await Predictor.load(url);
    pair.hidden &&= !predictor.pairs;
    let last = Promise.resolve();
    const update = async () => {
      const started = performance.now();
      const answer = await predictor.answer(text.value, pair.value);
      output.textContent = describe(answer);
      section.dataset.answer = JSON.stringify(answer);
      note.textContent = `${(performance.now() - started).toFixed(1)} ms` +
          (answer.truncated ? '; the end of the text is not read' : '');
    };
    const fail = (error) => {
      note.textContent = section.dataset.error = String(error);
    };
    // One after another: a runtime has one set of inputs.
    const queue = () => {
      last = last.then(update).catch(fail);
    };
    text.addEventListener('input', queue);
    pair.addEventListener('input', queue);
    queue();
  } catch (error) {
    note.textContent = section.dataset.error = String(error);
  }
}

text.value = parameters.get('text') ?? 'a gripping film';
pair.value = parameters.get('pair') ?? '';
if (!urls.length) {
  addSection('No model').note.textContent =
      'Name one in the address: ?model=model.tflite';
}
urls.forEach(show);
