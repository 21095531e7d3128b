// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// Asks phones_test.py, on standard output, for what LiteRT's interpreter says;
// refuses two threads at once.

#include "c_api.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kTensors = 8, kLine = 1 << 20 };

struct TfLiteSignatureRunner {
  char name[40];
  TfLiteTensor tensors[kTensors];
};

static char answer[kLine];
static atomic_flag busy = ATOMIC_FLAG_INIT;

static const char* Read(void) {
  fflush(stdout);
  if (!fgets(answer, sizeof answer, stdin)) exit(3);
  return answer;
}

// Returns the tensor of a name, a new one if there is none.
static TfLiteTensor* Find(TfLiteSignatureRunner* runner, const char* name) {
  for (int i = 0; i < kTensors; ++i) {
    TfLiteTensor* tensor = &runner->tensors[i];
    if (!tensor->name[0]) snprintf(tensor->name, sizeof tensor->name, "%s", name);
    if (!strcmp(tensor->name, name)) return tensor;
  }
  exit(4);
}

TfLiteModel* TfLiteModelCreateFromFile(const char* model_path) {
  FILE* file = fopen(model_path, "rb");
  if (!file) return NULL;
  fclose(file);
  return calloc(1, 1);
}

void TfLiteModelDelete(TfLiteModel* model) { free(model); }

TfLiteInterpreterOptions* TfLiteInterpreterOptionsCreate(void) {
  return calloc(1, 1);
}

void TfLiteInterpreterOptionsDelete(TfLiteInterpreterOptions* options) {
  free(options);
}

void TfLiteInterpreterOptionsSetNumThreads(TfLiteInterpreterOptions* options,
                                           int32_t num_threads) {
  (void)options, (void)num_threads;
}

TfLiteInterpreter* TfLiteInterpreterCreate(
    const TfLiteModel* model, const TfLiteInterpreterOptions* options) {
  (void)model, (void)options;
  return calloc(1, 1);
}

void TfLiteInterpreterDelete(TfLiteInterpreter* interpreter) {
  free(interpreter);
}

TfLiteSignatureRunner* TfLiteInterpreterGetSignatureRunner(
    const TfLiteInterpreter* interpreter, const char* signature_key) {
  (void)interpreter;
  TfLiteSignatureRunner* runner = calloc(1, sizeof *runner);
  snprintf(runner->name, sizeof runner->name, "%s", signature_key);
  return runner;
}

void TfLiteSignatureRunnerDelete(TfLiteSignatureRunner* signature_runner) {
  for (int i = 0; i < kTensors; ++i) free(signature_runner->tensors[i].data);
  free(signature_runner);
}

TfLiteStatus TfLiteSignatureRunnerAllocateTensors(
    TfLiteSignatureRunner* signature_runner) {
  (void)signature_runner;
  return kTfLiteOk;
}

TfLiteTensor* TfLiteSignatureRunnerGetInputTensor(
    TfLiteSignatureRunner* signature_runner, const char* input_name) {
  return Find(signature_runner, input_name);
}

TfLiteStatus TfLiteSignatureRunnerInvoke(
    TfLiteSignatureRunner* signature_runner) {
  if (atomic_flag_test_and_set(&busy)) return kTfLiteError;
  printf("? run %s", signature_runner->name);
  for (int i = 0; i < kTensors; ++i) {
    const TfLiteTensor* tensor = &signature_runner->tensors[i];
    if (strncmp(tensor->name, "input", 5)) continue;
    printf(" %s=[", tensor->name);
    for (size_t k = 0; k < tensor->bytes / sizeof(int32_t); ++k) {
      printf(k ? ",%d" : "%d", ((const int32_t*)tensor->data)[k]);
    }
    printf("]");
  }
  printf("\n");
  Read();
  atomic_flag_clear(&busy);
  return kTfLiteOk;
}

const TfLiteTensor* TfLiteSignatureRunnerGetOutputTensor(
    const TfLiteSignatureRunner* signature_runner, const char* output_name) {
  TfLiteTensor* tensor =
      Find((TfLiteSignatureRunner*)signature_runner, output_name);
  printf("? size %s %s\n", signature_runner->name, output_name);
  const size_t count = strtoul(Read(), NULL, 10);
  tensor->bytes = count * sizeof(float);
  tensor->data = realloc(tensor->data, tensor->bytes);
  printf("? output %s\n", output_name);
  char* place = (char*)Read();
  for (size_t i = 0; i < count; ++i, ++place) {
    ((float*)tensor->data)[i] = strtof(place, &place);
  }
  return tensor;
}

size_t TfLiteTensorByteSize(const TfLiteTensor* tensor) {
  return tensor->bytes;
}

TfLiteStatus TfLiteTensorCopyFromBuffer(TfLiteTensor* tensor,
                                        const void* input_data,
                                        size_t input_data_size) {
  tensor->bytes = input_data_size;
  tensor->data = realloc(tensor->data, input_data_size);
  memcpy(tensor->data, input_data, input_data_size);
  return kTfLiteOk;
}

TfLiteStatus TfLiteTensorCopyToBuffer(const TfLiteTensor* output_tensor,
                                      void* output_data,
                                      size_t output_data_size) {
  if (output_data_size != output_tensor->bytes) return kTfLiteError;
  memcpy(output_data, output_tensor->data, output_data_size);
  return kTfLiteOk;
}
