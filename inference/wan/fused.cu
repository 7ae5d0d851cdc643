// What the transformer and the VAE do to each number between two products, in one pass over memory.
//
// Macros: BF16 or FP16, the 16-bit numbers; VECTORS, how many times 8 numbers a row has; THREADS of a block.
// Of `norm_pixels` also LANES, the threads that share a pixel.

#include "numbers.cuh"

constexpr int COUNT = (VECTORS + THREADS - 1) / THREADS;

struct alignas(16) Floats {
    float at[8];
};

__device__ float sum_of_block(float value) {
    __shared__ float partial[32];
    static_assert(THREADS <= 1024);
    for (int step = 16; step; step /= 2) value += __shfl_xor_sync(~0u, value, step);
    __syncthreads();
    if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = value;
    __syncthreads();
    value = 0.0f;
    for (int i = 0; i < THREADS / 32; i++) value += partial[i];
    return value;
}

// out = norm(x) * scale + shift over a row of float32; with `about_one`, scale is added to 1.
extern "C" __global__ void norm_rows(
    const Floats* x, const Floats* scale, const Floats* shift, Numbers* out, double eps, int about_one
) {
    Floats given[COUNT];
    const long long start = (long long)blockIdx.x * VECTORS;
    float sum = 0.0f;
#pragma unroll
    for (int i = 0; i < COUNT; i++) {
        int at = threadIdx.x + i * THREADS;
        if (at >= VECTORS) break;
        given[i] = x[start + at];
#pragma unroll
        for (int j = 0; j < 8; j++) sum += given[i].at[j];
    }
    const float mean = sum_of_block(sum) / (8 * VECTORS);
    float squares = 0.0f;
#pragma unroll
    for (int i = 0; i < COUNT; i++) {
        if (threadIdx.x + i * THREADS >= VECTORS) break;
#pragma unroll
        for (int j = 0; j < 8; j++) {
            float off = given[i].at[j] - mean;
            squares += off * off;
        }
    }
    const float by = rsqrtf(sum_of_block(squares) / (8 * VECTORS) + (float)eps);
    const float one = about_one ? 1.0f : 0.0f;
#pragma unroll
    for (int i = 0; i < COUNT; i++) {
        int at = threadIdx.x + i * THREADS;
        if (at >= VECTORS) break;
        Floats factor = scale[at], offset = shift[at];
        Numbers result;
#pragma unroll
        for (int j = 0; j < 8; j++) {
            float normed = (given[i].at[j] - mean) * by;
            result.at[j] = from_float(normed * (one + factor.at[j]) + offset.at[j]);
        }
        out[start + at] = result;
    }
}

// The root-mean-square norm of a row and its gain; then pairs of each head are turned by the row's rotations.
extern "C" __global__ void norm_and_turn(
    const Numbers* x, const Numbers* gain, const Floats* rope, Numbers* out, int head_vectors, double eps
) {
    Numbers given[COUNT];
    const long long start = (long long)blockIdx.x * VECTORS;
    float squares = 0.0f;
#pragma unroll
    for (int i = 0; i < COUNT; i++) {
        int at = threadIdx.x + i * THREADS;
        if (at >= VECTORS) break;
        given[i] = x[start + at];
#pragma unroll
        for (int j = 0; j < 8; j++) squares += to_float(given[i].at[j]) * to_float(given[i].at[j]);
    }
    const float by = rsqrtf(sum_of_block(squares) / (8 * VECTORS) + (float)eps);
#pragma unroll
    for (int i = 0; i < COUNT; i++) {
        int at = threadIdx.x + i * THREADS;
        if (at >= VECTORS) break;
        Numbers factor = gain[at], result;
        Floats turn = rope[(long long)blockIdx.x * head_vectors + at % head_vectors];
#pragma unroll
        for (int j = 0; j < 8; j += 2) {
            float real = to_float(given[i].at[j]) * by * to_float(factor.at[j]);
            float imaginary = to_float(given[i].at[j + 1]) * by * to_float(factor.at[j + 1]);
            result.at[j] = from_float(real * turn.at[j] - imaginary * turn.at[j + 1]);
            result.at[j + 1] = from_float(real * turn.at[j + 1] + imaginary * turn.at[j]);
        }
        out[start + at] = result;
    }
}

// x += y * gate, row by row; without `gated`, x += y.
extern "C" __global__ void add_gated(Floats* x, const Numbers* y, const Floats* gate, int gated) {
    const long long start = (long long)blockIdx.x * VECTORS;
    for (int at = threadIdx.x; at < VECTORS; at += THREADS) {
        Floats sums = x[start + at];
        Numbers added = y[start + at];
        Floats factor;
        if (gated) factor = gate[at];
#pragma unroll
        for (int j = 0; j < 8; j++) sums.at[j] += to_float(added.at[j]) * (gated ? factor.at[j] : 1.0f);
        x[start + at] = sums;
    }
}

#ifdef LANES
// The root-mean-square norm over the channels of each pixel, its gain, and SiLU after it.
extern "C" __global__ void norm_pixels(
    const Numbers* x, const Numbers* gain, Numbers* out, int pixels, double eps, int activated
) {
    constexpr int EACH = VECTORS / LANES;
    const int lane = threadIdx.x % LANES;
    const long long pixel = (long long)blockIdx.x * (THREADS / LANES) + threadIdx.x / LANES;
    Numbers given[EACH];
    float squares = 0.0f;
    if (pixel < pixels) {
#pragma unroll
        for (int i = 0; i < EACH; i++) {
            given[i] = x[pixel * VECTORS + i * LANES + lane];
#pragma unroll
            for (int j = 0; j < 8; j++) squares += to_float(given[i].at[j]) * to_float(given[i].at[j]);
        }
    }
    for (int step = LANES / 2; step; step /= 2) squares += __shfl_xor_sync(~0u, squares, step);
    if (pixel >= pixels) return;
    const float by = rsqrtf(squares / (8 * VECTORS) + (float)eps);
#pragma unroll
    for (int i = 0; i < EACH; i++) {
        Numbers factor = gain[i * LANES + lane], result;
#pragma unroll
        for (int j = 0; j < 8; j++) {
            float value = to_float(given[i].at[j]) * by * to_float(factor.at[j]);
            if (activated) value = value / (1.0f + __expf(-value));
            result.at[j] = from_float(value);
        }
        out[pixel * VECTORS + i * LANES + lane] = result;
    }
}
#endif
