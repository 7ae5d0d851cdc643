// Attention with scores from 8-bit numbers, and values in fp16: SageAttention's way (https://arxiv.org/abs/2410.02367).
//
// Macros: BF16 or FP16, what is given and returned; WIDTH of a head, 64 or 128; KEYS to a scale, and to a turn of the
// loop; WARPS of a block, and TILES of 16 queries to each; TAIL, bytes to a key for its scale. For cards of compute
// capability 8.0 and later. What isn't a number makes its scale so, and with it every result that it is part of.
//
// Keys and values are kept by the block of 64 keys, and in it by the head: codes of all, values of all in fp16, and
// the scale of the codes, with TAIL bytes of room for each key. They lie as they are fetched.

#include "matrices.cuh"
#include "numbers.cuh"

constexpr int THREADS = 32 * WARPS;
constexpr int QUERIES = 16 * TILES * WARPS;  // to a block
constexpr int ROW = 3 * WIDTH + TAIL;  // bytes to a key and its value
constexpr float LARGEST = 127.0f;
constexpr float LEAST = 1e-15f;  // of a scale; the product of two is a normal number

// Sums of products, up to 2^21, start from here: then their bits are those of the float MAGIC + sum, and no
// instruction has to convert them, of which a multiprocessor does few.
constexpr float MAGIC = 12582912.0f;  // 1.5 * 2^23
constexpr int MAGIC_BITS = 0x4b400000;

struct alignas(8) Codes {
    signed char at[8];
};

__device__ float power_of_two(float exponent) {
    float power;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(exponent));
    return power;
}

__device__ unsigned two_halves(float low, float high) {
    unsigned both;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
    return both;
}

__device__ float2 of_two_halves(unsigned both) {
    float2 numbers;
    asm("{.reg .f16 a, b; mov.b32 {a, b}, %2; cvt.f32.f16 %0, a; cvt.f32.f16 %1, b;}"
        : "=f"(numbers.x), "=f"(numbers.y)
        : "r"(both));
    return numbers;
}

__device__ float scale_of(float largest) {
    float scale = largest / LARGEST;
    return scale < LEAST ? LEAST : scale;
}

// Where the keys of a head lie, of the `rows` from `first` on.
__device__ long long place_of_block(int first, int rows, int head, int heads) {
    return ((long long)first * heads + (long long)head * rows) * ROW;
}

// A block takes 64 keys of a head, and their values. Strides are in vectors of 8 numbers. `middle` [head][WIDTH] is
// taken from the keys, which changes no result, as all scores of a query change alike.
extern "C" __global__ void __launch_bounds__(THREADS) keep_keys(
    const Numbers* k, const Numbers* v, const Numbers* middle, unsigned char* kept, int count, int k_token, int k_head,
    int v_token, int v_head
) {
    constexpr int LANES = WIDTH / 8;
    constexpr int EACH = KEYS * LANES / THREADS;
    __shared__ float partial[WARPS];
    const long long head = blockIdx.y;
    const int first = blockIdx.x * KEYS, rows = min(KEYS, count - first);
    kept += place_of_block(first, rows, blockIdx.y, gridDim.y);
    float numbers[EACH][8];
    float largest = 0.0f;
#pragma unroll
    for (int i = 0; i < EACH; i++) {
        const int at = threadIdx.x + i * THREADS, lane = at % LANES;
        const long long key = first + at / LANES;
#pragma unroll
        for (int j = 0; j < 8; j++) numbers[i][j] = 0.0f;
        if (key >= count) continue;
        const Numbers given = k[key * k_token + head * k_head + lane], taken = middle[head * LANES + lane];
        const Numbers value = v[key * v_token + head * v_head + lane];
#pragma unroll
        for (int j = 0; j < 8; j++) {
            numbers[i][j] = to_float(given.at[j]) - to_float(taken.at[j]);
            largest = larger(largest, fabsf(numbers[i][j]));
        }
        unsigned halves[4];
#pragma unroll
        for (int j = 0; j < 4; j++) halves[j] = two_halves(to_float(value.at[2 * j]), to_float(value.at[2 * j + 1]));
        reinterpret_cast<uint4*>(kept + rows * WIDTH)[at] = make_uint4(halves[0], halves[1], halves[2], halves[3]);
    }
    for (int step = 16; step; step /= 2) largest = larger(largest, __shfl_xor_sync(~0u, largest, step));
    if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = largest;
    __syncthreads();
    for (int i = 0; i < WARPS; i++) largest = larger(largest, partial[i]);
    const float scale = scale_of(largest);
#pragma unroll
    for (int i = 0; i < EACH; i++) {
        const int at = threadIdx.x + i * THREADS;
        if (at >= rows * LANES) break;
        Codes rounded;
#pragma unroll
        for (int j = 0; j < 8; j++) rounded.at[j] = (signed char)__float2int_rn(numbers[i][j] / scale);
        reinterpret_cast<Codes*>(kept)[at] = rounded;
    }
    if (threadIdx.x == 0) *reinterpret_cast<float*>(kept + rows * 3 * WIDTH) = scale;
}

// Where a row's 16 bytes lie in shared memory, so that no two of 8 rows are in one bank.
template <int BYTES>
__device__ int place_of(int row, int chunk) {
    return row * BYTES + 16 * (chunk ^ (BYTES >= 128 ? row & 7 : row / 2 & 3));
}

// Has a block's keys and values come to shared memory. Of its last, that may have fewer, see `fetch_last`.
__device__ void fetch(const unsigned char* block, unsigned keys_at, unsigned values_at) {
    constexpr int CHUNKS = WIDTH / 16;  // of a key
    block += 16 * threadIdx.x;
#pragma unroll
    for (int i = 0; i < KEYS * CHUNKS / THREADS; i++) {
        const int at = threadIdx.x + i * THREADS;
        copy_16_bytes(keys_at + place_of<WIDTH>(at / CHUNKS, at % CHUNKS), block + 16 * i * THREADS);
    }
    block += KEYS * WIDTH;
#pragma unroll
    for (int i = 0; i < 2 * KEYS * CHUNKS / THREADS; i++) {
        const int at = threadIdx.x + i * THREADS;
        copy_16_bytes(values_at + place_of<2 * WIDTH>(at / (2 * CHUNKS), at % (2 * CHUNKS)), block + 16 * i * THREADS);
    }
    asm volatile("cp.async.commit_group;" ::: "memory");
}

// The same of `rows` keys. Behind the last it comes again, and will have no weight.
__device__ __noinline__ void fetch_last(const unsigned char* block, int rows, unsigned keys_at, unsigned values_at) {
    constexpr int CHUNKS = WIDTH / 16;
    for (int at = threadIdx.x; at < KEYS * CHUNKS; at += THREADS) {
        const int row = at / CHUNKS, chunk = at % CHUNKS;
        copy_16_bytes(keys_at + place_of<WIDTH>(row, chunk), block + min(row, rows - 1) * WIDTH + 16 * chunk);
    }
    block += rows * WIDTH;
    for (int at = threadIdx.x; at < 2 * KEYS * CHUNKS; at += THREADS) {
        const int row = at / (2 * CHUNKS), chunk = at % (2 * CHUNKS);
        copy_16_bytes(values_at + place_of<2 * WIDTH>(row, chunk), block + min(row, rows - 1) * 2 * WIDTH + 16 * chunk);
    }
    asm volatile("cp.async.commit_group;" ::: "memory");
}

// Codes of a row's numbers, of which each of four neighbouring threads holds every fourth four, and their scale.
__device__ float round_query(const unsigned short* row, unsigned* words) {
    const int lane = threadIdx.x % 4;
    float numbers[WIDTH / 16][4];
    float largest = 0.0f;
#pragma unroll
    for (int i = 0; i < WIDTH / 16; i++) {
        const uint2 pairs = *reinterpret_cast<const uint2*>(row + 16 * i + 4 * lane);
        const unsigned short given[4] = {
            (unsigned short)pairs.x, (unsigned short)(pairs.x >> 16), (unsigned short)pairs.y,
            (unsigned short)(pairs.y >> 16)
        };
#pragma unroll
        for (int j = 0; j < 4; j++) {
            numbers[i][j] = to_float(given[j]);
            largest = larger(largest, fabsf(numbers[i][j]));
        }
    }
    largest = larger(largest, __shfl_xor_sync(~0u, largest, 1));
    largest = larger(largest, __shfl_xor_sync(~0u, largest, 2));
    const float scale = scale_of(largest);
#pragma unroll
    for (int i = 0; i < WIDTH / 16; i++) {
        words[i] = 0;
#pragma unroll
        for (int j = 0; j < 4; j++) words[i] |= (__float2int_rn(numbers[i][j] / scale) & 255) << 8 * j;
    }
    return scale;
}

// A block takes 128 queries of a head. Strides are in numbers; `factor` multiplies scores, as powers of two.
extern "C" __global__ void __launch_bounds__(THREADS, 2) attend(
    const unsigned short* q, const unsigned char* kept, unsigned short* out, int rows, int count, int q_token, int q_head,
    double factor
) {
    __shared__ alignas(128) unsigned char keys_there[2][KEYS * WIDTH];
    __shared__ alignas(128) unsigned short values_there[2][KEYS * WIDTH];
    const int head = blockIdx.y, heads = gridDim.y, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const int first = blockIdx.x * QUERIES + warp * 16 * TILES + lane / 4;
    const unsigned keys_at = address_of(keys_there), values_at = address_of(values_there);
    const long long stride = (long long)KEYS * heads * ROW;
    const unsigned char* block = kept + place_of_block(0, min(KEYS, count), head, heads);
    if (count >= KEYS) {
        fetch(block, keys_at, values_at);
    } else {
        fetch_last(block, count, keys_at, values_at);
    }

    unsigned queries[TILES][WIDTH / 32][4];
    float by_row[TILES][2], top[TILES][2], total[TILES][2], sums[TILES][WIDTH / 8][4];
#pragma unroll
    for (int m = 0; m < TILES; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int row = min(first + 16 * m + 8 * half, rows - 1);
            unsigned words[WIDTH / 16];
            const float scale = round_query(q + (long long)row * q_token + (long long)head * q_head, words);
            by_row[m][half] = scale * (float)factor;
            top[m][half] = -__int_as_float(0x7f800000);
            total[m][half] = 0.0f;
#pragma unroll
            for (int i = 0; i < WIDTH / 16; i++) queries[m][i / 2][i % 2 * 2 + half] = words[i];
        }
#pragma unroll
        for (int n = 0; n < WIDTH / 8; n++)
#pragma unroll
            for (int c = 0; c < 4; c++) sums[m][n][c] = 0.0f;
    }

    for (int start = 0, now = 0; start < count; start += KEYS, now = 1 - now) {
        const int left = count - start, next = left - KEYS;  // keys from here on, and after these
        const float by_key = *reinterpret_cast<const float*>(block + min(KEYS, left) * 3 * WIDTH);
        if (next > 0) {
            const unsigned other = (1 - now) * KEYS * WIDTH;
            if (next >= KEYS) {
                block += stride;
                fetch(block, keys_at + other, values_at + 2 * other);
            } else {
                block = kept + place_of_block(start + KEYS, next, head, heads);
                fetch_last(block, next, keys_at + other, values_at + 2 * other);
            }
            asm volatile("cp.async.wait_group 1;" ::: "memory");
        } else {
            asm volatile("cp.async.wait_group 0;" ::: "memory");
        }
        __syncthreads();

        int scores[TILES][KEYS / 8][4];
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
            for (int m = 0; m < TILES; m++)
#pragma unroll
                for (int c = 0; c < 4; c++) scores[m][n][c] = MAGIC_BITS;
#pragma unroll
            for (int h = 0; h < WIDTH / 64; h++) {
                unsigned parts[4];
                load_matrices(parts, keys_at + now * KEYS * WIDTH + place_of<WIDTH>(8 * n + lane % 8, 4 * h + lane / 8));
#pragma unroll
                for (int m = 0; m < TILES; m++) {
                    multiply_codes(scores[m][n], queries[m][2 * h], parts[0], parts[1]);
                    multiply_codes(scores[m][n], queries[m][2 * h + 1], parts[2], parts[3]);
                }
            }
        }
        if (left < KEYS) {
#pragma unroll
            for (int n = 0; n < KEYS / 8; n++)
#pragma unroll
                for (int c = 0; c < 4; c++)
                    if (8 * n + lane % 4 * 2 + c % 2 >= left)
#pragma unroll
                        for (int m = 0; m < TILES; m++) scores[m][n][c] = 0xff800000;  // minus infinity
        }

        unsigned shares[TILES][KEYS / 16][4];
        float fade[TILES][2];
#pragma unroll
        for (int m = 0; m < TILES; m++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                float best = __int_as_float(scores[m][0][2 * half]);
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++) {
                    best = fmaxf(best, __int_as_float(scores[m][n][2 * half]));
                    best = fmaxf(best, __int_as_float(scores[m][n][2 * half + 1]));
                }
                best = fmaxf(best, __shfl_xor_sync(~0u, best, 1));
                best = fmaxf(best, __shfl_xor_sync(~0u, best, 2));
                const float by = by_row[m][half] * by_key;
                const float high = fmaxf(top[m][half], (best - MAGIC) * by);
                const float offset = -fmaf(MAGIC, by, high);
                fade[m][half] = power_of_two(top[m][half] - high);
                top[m][half] = high;
                float sum = 0.0f;
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++) {
                    const float a = power_of_two(fmaf(__int_as_float(scores[m][n][2 * half]), by, offset));
                    const float b = power_of_two(fmaf(__int_as_float(scores[m][n][2 * half + 1]), by, offset));
                    sum += a + b;
                    shares[m][n / 2][n % 2 * 2 + half] = two_halves(a, b);
                }
                total[m][half] = total[m][half] * fade[m][half] + sum;
            }
        }

#pragma unroll
        for (int n = 0; n < WIDTH / 16; n++) {
            unsigned added[TILES][2][2] = {};  // in fp16 for these keys alone
#pragma unroll
            for (int t = 0; t < KEYS / 16; t++) {
                unsigned parts[4];
                load_turned_matrices(
                    parts,
                    values_at + now * KEYS * WIDTH * 2 + place_of<2 * WIDTH>(16 * t + lane % 16, 2 * n + lane / 16)
                );
#pragma unroll
                for (int m = 0; m < TILES; m++) {
                    multiply_halves(added[m][0], shares[m][t], parts[0], parts[1]);
                    multiply_halves(added[m][1], shares[m][t], parts[2], parts[3]);
                }
            }
#pragma unroll
            for (int m = 0; m < TILES; m++)
#pragma unroll
                for (int i = 0; i < 2; i++)
#pragma unroll
                    for (int half = 0; half < 2; half++) {
                        const float2 more = of_two_halves(added[m][i][half]);
                        float* sum = sums[m][2 * n + i] + 2 * half;
                        sum[0] = fmaf(sum[0], fade[m][half], more.x);
                        sum[1] = fmaf(sum[1], fade[m][half], more.y);
                    }
        }
        __syncthreads();  // before what lies there is overwritten
    }

#pragma unroll
    for (int m = 0; m < TILES; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float sum = total[m][half];
            sum += __shfl_xor_sync(~0u, sum, 1);
            sum += __shfl_xor_sync(~0u, sum, 2);
            const float share = 1.0f / sum;
            const int row = first + 16 * m + 8 * half;
            if (row >= rows) continue;
            unsigned* to = reinterpret_cast<unsigned*>(out + ((long long)row * heads + head) * WIDTH) + lane % 4;
#pragma unroll
            for (int n = 0; n < WIDTH / 8; n++) {
                const float a = sums[m][n][2 * half] * share, b = sums[m][n][2 * half + 1] * share;
                to[4 * n] = from_float(a) | (unsigned)from_float(b) << 16;
            }
        }
}
