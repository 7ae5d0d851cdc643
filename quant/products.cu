// Products of int8 codes, scaled as they leave the matrix units: no pass over their sums comes after.
//
// Macros: BF16 or FP16, what results are; SIDE of a block's results, both ways, of which a quarter goes to each warp;
// THREADS of a block. For cards of compute capability 8.0 and later.

#include "matrices.cuh"
#include "numbers.cuh"

constexpr int DEPTH = 64;  // codes of a row at a time
constexpr int CHUNKS = DEPTH / 16;
constexpr int STAGES = 3;
constexpr int GROUP = 8;  // blocks of rows that take the same columns one after the other, while those are in the cache
constexpr int MS = 4, NS = 8;  // tiles of 16 rows and of 8 columns, to a warp

// Where 16 bytes of a row lie in shared memory, so that no two of the 8 rows that are read at once are in one bank:
// of the left factor these are neighbours, of the right one pairs that are 16 rows apart.
__device__ int place_of(int row, int chunk) { return row * DEPTH + 16 * (chunk ^ (row / 2 & 3)); }
__device__ int place_of_right(int row, int chunk) { return row * DEPTH + 16 * (chunk ^ (row / 16 & 3)); }

// The row of the right factor that is row `row` of a warp's tile `tile`: so that a thread's results are 16 neighbours.
__device__ int row_of_tile(int tile, int row) { return row / 2 * 16 + 2 * tile + row % 2; }

// out [rows][columns] = a [rows][inner] * b [columns][inner] turned, times the scales of both, and the bias.
// `inner` and `columns` are multiples of 16.
extern "C" __global__ void __launch_bounds__(THREADS, 2) multiply(
    const signed char* a, const signed char* b, const float* row_scales, const float* column_scales, const Numbers* bias,
    Numbers* out, int rows, int columns, int inner
) {
    __shared__ alignas(128) signed char left[STAGES][SIDE * DEPTH];
    __shared__ alignas(128) signed char right[STAGES][SIDE * DEPTH];
    const unsigned left_at = address_of(left), right_at = address_of(right);
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const int down = warp / 2 * (SIDE / 2), across = warp % 2 * (SIDE / 2);

    const int row_blocks = (rows + SIDE - 1) / SIDE, column_blocks = (columns + SIDE - 1) / SIDE;
    const int group = blockIdx.x / (GROUP * column_blocks), within = blockIdx.x % (GROUP * column_blocks);
    const int height = min(GROUP, row_blocks - group * GROUP);
    const int first_row = (group * GROUP + within % height) * SIDE, first_column = within / height * SIDE;

    const int chunk = threadIdx.x % CHUNKS, own = threadIdx.x / CHUNKS;
    constexpr int APART = THREADS / CHUNKS, EACH = SIDE / APART;  // rows that a thread brings
    auto fetch = [&](int step) {
        const int at = step * DEPTH + 16 * chunk, stage = step % STAGES * SIDE * DEPTH;
        const int bytes = at < inner ? 16 : 0, from = at < inner ? at : 0;
#pragma unroll
        for (int i = 0; i < EACH; i++) {
            const int row = own + i * APART;
            const long long of_a = min(first_row + row, rows - 1), of_b = min(first_column + row, columns - 1);
            copy_16_bytes(left_at + stage + place_of(row, chunk), a + of_a * inner + from, bytes);
            copy_16_bytes(right_at + stage + place_of_right(row, chunk), b + of_b * inner + from, bytes);
        }
    };

    int sums[MS][NS][4] = {};
    const int steps = (inner + DEPTH - 1) / DEPTH;
#pragma unroll
    for (int step = 0; step < STAGES - 1; step++) {
        if (step < steps) fetch(step);
        asm volatile("cp.async.commit_group;" ::: "memory");
    }
    for (int step = 0; step < steps; step++) {
        asm volatile("cp.async.wait_group 1;" ::: "memory");  // all but the latest are there
        __syncthreads();
        if (step + STAGES - 1 < steps) fetch(step + STAGES - 1);
        asm volatile("cp.async.commit_group;" ::: "memory");
        const int stage = step % STAGES * SIDE * DEPTH;
#pragma unroll
        for (int k = 0; k < DEPTH / 32; k++) {
            unsigned of_a[MS][4], of_b[NS / 2][4];
#pragma unroll
            for (int m = 0; m < MS; m++)
                load_matrices(of_a[m], left_at + stage + place_of(down + 16 * m + lane % 16, 2 * k + lane / 16));
#pragma unroll
            for (int n = 0; n < NS / 2; n++) {
                const int row = across + row_of_tile(2 * n + lane / 16, lane % 8);
                load_matrices(of_b[n], right_at + stage + place_of_right(row, 2 * k + lane / 8 % 2));
            }
#pragma unroll
            for (int m = 0; m < MS; m++)
#pragma unroll
                for (int n = 0; n < NS; n++)
                    multiply_codes(sums[m][n], of_a[m], of_b[n / 2][n % 2 * 2], of_b[n / 2][n % 2 * 2 + 1]);
        }
    }

    const int column = first_column + across + lane % 4 * 16;
    if (column >= columns) return;
    float scales[16], added[16];
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const Numbers given = bias[column / 8 + i];
#pragma unroll
        for (int j = 0; j < 8; j++) {
            added[8 * i + j] = to_float(given.at[j]);
            scales[8 * i + j] = column_scales[column + 8 * i + j];
        }
    }
#pragma unroll
    for (int m = 0; m < MS; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int row = first_row + down + 16 * m + 8 * half + lane / 4;
            if (row >= rows) continue;
            const float scale = row_scales[row];
            Numbers* to = out + ((long long)row * columns + column) / 8;
#pragma unroll
            for (int i = 0; i < 2; i++) {
                Numbers result;
#pragma unroll
                for (int j = 0; j < 8; j++) {
                    const int at = 8 * i + j;
                    const int sum = sums[m][at / 2][2 * half + at % 2];
                    result.at[j] = from_float(sum * (scale * scales[at]) + added[at]);
                }
                to[i] = result;
            }
        }
}
