// Rows of 16-bit numbers rounded to 8 bits, and numbers again of codes and of int8 products.
//
// Macros: BF16 or FP16, what inputs and results are; FP8, if the codes are that and not int8; VECTORS, how many
// times 8 numbers a row has; THREADS of a block; GELU, if it comes before rounding. What isn't a number makes its row's
// scale so, and with it every result.

#include "numbers.cuh"

struct alignas(8) Codes {
    unsigned char at[8];
};

__device__ float largest_of_block(float value) {
    __shared__ float partial[32];
    for (int step = 16; step; step /= 2) value = larger(value, __shfl_xor_sync(~0u, value, step));
    if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = value;
    __syncthreads();
    value = partial[0];
    for (int i = 1; i < THREADS / 32; i++) value = larger(value, partial[i]);
    return value;
}

#ifdef FP8
constexpr float LARGEST = 448.0f;

#if __CUDA_ARCH__ >= 890
__device__ void round_to_codes(const float* numbers, float scale, Codes& codes) {
    for (int i = 0; i < 8; i += 2) {
        unsigned short pair;
        float low = numbers[i] / scale, high = numbers[i + 1] / scale;
        asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(pair) : "f"(high), "f"(low));
        codes.at[i] = pair & 0xff;
        codes.at[i + 1] = pair >> 8;
    }
}
#else  // such a card does not multiply them, either
__device__ void round_to_codes(const float*, float, Codes&) { __trap(); }
#endif
#else
constexpr float LARGEST = 127.0f;

__device__ void round_to_codes(const float* numbers, float scale, Codes& codes) {
    for (int i = 0; i < 8; i++) codes.at[i] = (unsigned char)(signed char)__float2int_rn(numbers[i] / scale);
}
#endif

#ifdef GELU
// In its tanh form, for which (1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u)): so it takes one function that is fast.
__device__ float activated(float x) {
    const float twice = 1.5957691216057308f * (x + 0.044715f * x * x * x);
    return __fdividef(x, 1.0f + __expf(-twice));
}
#else
__device__ float activated(float x) { return x; }
#endif

// A block takes a row: codes[row] = activated(x[row]) / scales[row], where the row's largest number gets LARGEST.
extern "C" __global__ void round_rows(const Numbers* x, Codes* codes, float* scales) {
    constexpr int COUNT = (VECTORS + THREADS - 1) / THREADS;
    float numbers[COUNT][8];
    const long long start = (long long)blockIdx.x * VECTORS;
    float largest = 0.0f;
#pragma unroll
    for (int i = 0; i < COUNT; i++) {
        int at = threadIdx.x + i * THREADS;
        if (at >= VECTORS) break;
        Numbers given = x[start + at];
#pragma unroll
        for (int j = 0; j < 8; j++) {
            numbers[i][j] = activated(to_float(given.at[j]));
            largest = larger(largest, fabsf(numbers[i][j]));
        }
    }
    float scale = largest_of_block(largest) / LARGEST;
    if (scale < 1.17549435e-38f) scale = 1.17549435e-38f;
#pragma unroll
    for (int i = 0; i < COUNT; i++) {
        int at = threadIdx.x + i * THREADS;
        if (at >= VECTORS) break;
        Codes rounded;
        round_to_codes(numbers[i], scale, rounded);
        codes[start + at] = rounded;
    }
    if (threadIdx.x == 0) scales[blockIdx.x] = scale;
}

__device__ float number_of(unsigned char code) {
#ifdef FP8
    const unsigned magnitude = code & 0x7f;
    float number = __uint_as_float(magnitude << 20) * 0x1p120f;  // its exponent, put where a float has it
    if (magnitude == 0x7f) number = __uint_as_float(0x7fffffffu);
    return code & 0x80 ? -number : number;
#else
    return (float)(signed char)code;
#endif
}

// A block takes a row: out = codes * scales.
extern "C" __global__ void unpack_rows(const Codes* codes, const float* scales, Numbers* out) {
    const long long start = (long long)blockIdx.x * VECTORS;
    const float scale = scales[blockIdx.x];
    for (int at = threadIdx.x; at < VECTORS; at += THREADS) {
        Codes given = codes[start + at];
        Numbers numbers;
#pragma unroll
        for (int j = 0; j < 8; j++) numbers.at[j] = from_float(number_of(given.at[j]) * scale);
        out[start + at] = numbers;
    }
}

// A block takes some rows: out = sums * rows * columns + bias.
extern "C" __global__ void scale_sums(
    const int4* sums, const float* rows, const float4* columns, const Numbers* bias, Numbers* out, int count
) {
    const int first = blockIdx.x * 4;
    for (int at = threadIdx.x; at < VECTORS; at += THREADS) {
        float4 low = columns[2 * at], high = columns[2 * at + 1];
        Numbers added = bias[at];
        for (int row = first; row < first + 4 && row < count; row++) {
            const long long place = (long long)row * VECTORS + at;
            int4 a = sums[2 * place], b = sums[2 * place + 1];
            const float scale = rows[row];
            float results[8] = {
                a.x * (scale * low.x), a.y * (scale * low.y), a.z * (scale * low.z), a.w * (scale * low.w),
                b.x * (scale * high.x), b.y * (scale * high.y), b.z * (scale * high.z), b.w * (scale * high.w),
            };
            Numbers result;
            for (int j = 0; j < 8; j++) result.at[j] = from_float(results[j] + to_float(added.at[j]));
            out[place] = result;
        }
    }
}
