// What CUDA has and C++ lacks, as far as our kernels need it: the threads of a block take turns on one of a processor.
//
// What a card leaves open is here as bad as it may be, so that what a kernel forgets shows. A warp runs on until all
// of its threads wait, and only then the next; in every other block along x the last comes first. Copies to shared
// memory are made when they are waited for and no sooner, or in every other block along y at once. Shared memory holds
// what is no number until it is written.

#include <cmath>
#include <csetjmp>
#include <csignal>
#include <cstring>
#include <ucontext.h>
#include <vector>

using std::min;

#define __CUDA_ARCH__ 890
#define __device__ static
#define __global__
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __shared__ static __attribute__((section("shared")))
#define __expf expf
#define alignas(bytes) __attribute__((aligned(bytes)))

struct dim3 { unsigned x, y, z; };
struct uint2 { unsigned x, y; };
struct float2 { float x, y; };
struct alignas(16) int4 { int x, y, z, w; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
struct alignas(16) float4 { float x, y, z, w; };

static dim3 blockIdx, gridDim;

// Threads

constexpr int WARP_SIZE = 32, MOST_THREADS = 1024, STACK_BYTES = 1 << 17;

enum State { READY, AT_EXCHANGE, AT_BARRIER, DONE };

struct Words { unsigned at[6]; };

struct Copy {
    char* to;
    const void* from;
    int group;
};

struct Thread {
    dim3 index;
    State state;
    const char* exchange;  // the kind that it waits at
    Words given[2];        // to this one and to the one before, which others may not have read yet
    int turn, groups;
    std::vector<Copy> copies;
    jmp_buf place;
    ucontext_t start;
    std::vector<char> stack;
};

static Thread threads[MOST_THREADS];
static Thread* current;
static jmp_buf between_threads;
static const char* problem;
static void (*kernel)(void**);
static void** arguments;

#define threadIdx (current->index)

static void __noinline__ pause(State why) {
    current->state = why;
    if (!_setjmp(current->place)) _longjmp(between_threads, 1);
}

static void fail(const char* why) {
    problem = why;
    pause(DONE);
}

static void first_step() {
    kernel(arguments);
    pause(DONE);
}

static void __syncthreads() { pause(AT_BARRIER); }

static void __trap() { fail("a trap"); }

// Waits until all threads of the warp are there.
static void exchange(const char* kind, const Words& mine) {
    current->exchange = kind;
    current->turn = 1 - current->turn;
    current->given[current->turn] = mine;
    pause(AT_EXCHANGE);
}

static int lane() { return threadIdx.x % WARP_SIZE; }

// What a thread of the warp gave.
static const unsigned* words_of(int lane) {
    return threads[threadIdx.x / WARP_SIZE * WARP_SIZE + lane].given[current->turn].at;
}

static void __noinline__ run(Thread& thread) {
    current = &thread;
    const bool is_new = thread.exchange == nullptr;
    if (is_new) thread.exchange = "none yet";
    if (_setjmp(between_threads)) return;
    if (is_new) {
        setcontext(&thread.start);
    } else {
        _longjmp(thread.place, 1);
    }
}

// Runs a warp until no thread can go on. Returns whether any could.
static bool run_warp(Thread* warp, int count) {
    for (bool moved = false;; moved = true) {
        bool any = false, all = count == WARP_SIZE;
        for (int i = 0; i < count && !problem; i++)
            if (warp[i].state == READY) any = true, run(warp[i]);
        for (int i = 0; i < count; i++) all &= warp[i].state == AT_EXCHANGE && warp[i].exchange == warp[0].exchange;
        if (problem || (!any && !all)) return moved;
        if (all)
            for (int i = 0; i < count; i++) warp[i].state = READY;
    }
}

static bool pass_barrier(int count) {
    int there = 0, done = 0;
    for (int i = 0; i < count; i++) there += threads[i].state == AT_BARRIER, done += threads[i].state == DONE;
    if (!there || there + done < count) return false;
    for (int i = 0; i < count; i++)
        if (threads[i].state == AT_BARRIER) threads[i].state = READY;
    return true;
}

static void prepare(Thread& thread, int index) {
    thread.index = {(unsigned)index, 0, 0};
    thread.state = READY;
    thread.exchange = nullptr;
    thread.turn = thread.groups = 0;
    thread.copies.clear();
    thread.stack.resize(STACK_BYTES);
    getcontext(&thread.start);
    thread.start.uc_stack.ss_sp = thread.stack.data();
    thread.start.uc_stack.ss_size = STACK_BYTES;
    makecontext(&thread.start, first_step, 0);
}

static void run_block(int count) {
    const int warps = (count + WARP_SIZE - 1) / WARP_SIZE;
    for (int i = 0; i < count; i++) prepare(threads[i], i);
    for (bool moved = true; moved && !problem;) {
        moved = false;
        for (int i = 0; i < warps; i++) {
            const int first = (blockIdx.x % 2 ? warps - 1 - i : i) * WARP_SIZE;
            moved |= run_warp(threads + first, min(WARP_SIZE, count - first));
        }
        moved |= pass_barrier(count);
    }
    for (int i = 0; i < count && !problem; i++)
        if (threads[i].state != DONE) problem = "threads wait for what others don't reach";
}

// Shared memory

static __attribute__((section("shared"), used)) alignas(128) char start_of_shared[128];
extern __attribute__((visibility("hidden"))) char __start_shared[], __stop_shared[];

static size_t __cvta_generic_to_shared(const void* there) { return (const char*)there - __start_shared; }

static char* sixteen_shared_bytes(unsigned at) {
    if (at % 16 || at + 16ull > (size_t)(__stop_shared - __start_shared)) fail("a wrong address in shared memory");
    return __start_shared + at;
}

static void copy_soon(unsigned to, const void* from) {
    if ((size_t)from % 16) fail("16 bytes at an odd address");
    const Copy copy = {sixteen_shared_bytes(to), from, current->groups};
    if (blockIdx.y % 2) {
        memcpy(copy.to, copy.from, 16);
    } else {
        current->copies.push_back(copy);
    }
}

alignas(16) static const char ZEROS[16] = {};

static void copy_some_soon(unsigned to, const void* from, int bytes) {
    if (bytes != 0 && bytes != 16) fail("some of 16 bytes");
    copy_soon(to, bytes ? from : ZEROS);
}

static void end_group() { current->groups++; }

// Waits for all groups of copies but the last so many.
static void wait_for_copies(int but) {
    std::vector<Copy> left;
    for (const Copy& copy : current->copies) {
        if (copy.group < current->groups - but) {
            memcpy(copy.to, copy.from, 16);
        } else {
            left.push_back(copy);
        }
    }
    current->copies = left;
}

static void wait_for_all_copies() { wait_for_copies(0); }
static void wait_for_all_but_one() { wait_for_copies(1); }

static void on_fault(int) {
    problem = "reads or writes beyond a tensor";
    _longjmp(between_threads, 1);
}

// A launch. Returns what went wrong, or null.
static const char* launch(void (*code)(void**), void** given, const unsigned* grid, int count) {
    kernel = code, arguments = given, problem = nullptr;
    if (count > MOST_THREADS) return "too many threads";
    gridDim = {grid[0], grid[1], grid[2]};
    struct sigaction ours = {}, before;
    ours.sa_handler = on_fault, ours.sa_flags = SA_NODEFER;
    sigaction(SIGSEGV, &ours, &before);
    for (blockIdx.z = 0; blockIdx.z < gridDim.z; blockIdx.z++)
        for (blockIdx.y = 0; blockIdx.y < gridDim.y; blockIdx.y++)
            for (blockIdx.x = 0; blockIdx.x < gridDim.x && !problem; blockIdx.x++) {
                memset(__start_shared, 0xff, __stop_shared - __start_shared);
                run_block(count);
            }
    sigaction(SIGSEGV, &before, nullptr);
    return problem;
}

// Numbers

template <class To, class From>
static To bits(From value) {
    static_assert(sizeof(To) == sizeof(From));
    To same;
    memcpy(&same, &value, sizeof(To));
    return same;
}

static float __int_as_float(int value) { return bits<float>(value); }
static float __uint_as_float(unsigned value) { return bits<float>(value); }
static uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

static int __float2int_rn(float value) {
    if (value != value) return 0;
    return (int)fmin(fmax(nearbyint(value), -0x1p31), 0x1p31 - 1);
}

static float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static float __fdividef(float x, float y) { return fabsf(y) > 0x1p126f ? x * 0.0f : x / y; }

// The code of a number with so many bits after its first, and where numbers get less exact below 2^least; `most` is
// the last code.
static unsigned encoded(float value, int after, int least, unsigned most) {
    const double magnitude = fabs((double)value);
    if (std::isinf(value)) return most;
    const int exponent = magnitude > 0 ? std::max(std::ilogb(magnitude), least) : least;
    const double rounded = nearbyint(std::ldexp(magnitude, after - exponent));
    return std::min((unsigned)(exponent - least) * (1u << after) + (unsigned)rounded, most);
}

static unsigned short encoded_16(float value, int after, int least, unsigned most) {
    if (value != value) return 0x7fff;
    return encoded(value, after, least, most) | std::signbit(value) << 15;
}

static unsigned short bfloat(float value) { return encoded_16(value, 7, -126, 0x7f80); }
static unsigned short half(float value) { return encoded_16(value, 10, -14, 0x7c00); }

static unsigned fp8(float value) {
    if (value != value) return 0x7f;
    return encoded(value, 3, -6, 0x7e) | std::signbit(value) << 7;
}

static float number_of_half(unsigned short half) {
    const unsigned sign = (half & 0x8000u) << 16, magnitude = half & 0x7fffu;
    if (magnitude >= 0x7c00) return bits<float>(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
    return bits<float>(sign | bits<unsigned>(bits<float>(magnitude << 13) * 0x1p112f));
}

static float __shfl_xor_sync(unsigned, float value, int step) {
    exchange("shuffle", {{bits<unsigned>(value)}});
    return bits<float>(words_of(lane() ^ step)[0]);
}

// Instructions, in the order of their operands: `emulated.py` has their names

static void to_bfloat(unsigned short& to, float value) { to = bfloat(value); }
static void to_half(unsigned short& to, float value) { to = half(value); }
static void of_half(float& to, unsigned short value) { to = number_of_half(value); }
static void to_halves(unsigned& to, float high, float low) { to = half(low) | (unsigned)half(high) << 16; }
static void to_two_fp8(unsigned short& to, float high, float low) { to = fp8(low) | fp8(high) << 8; }

static void of_halves(float& low, float& high, unsigned both) {
    low = number_of_half(both & 0xffff), high = number_of_half(both >> 16);
}

static void power_of_2(float& to, float exponent) {
    const float power = exp2f(exponent);
    to = power < 0x1p-126f ? 0.0f : power;
}

// Four matrices of 8 rows, each of 16 bytes, whose addresses are given by 8 threads.
static void load(unsigned* parts[4], unsigned from, bool is_turned) {
    exchange(is_turned ? "turned matrices" : "matrices", {{from}});
    for (int i = 0; i < 4; i++) {
        unsigned short pair[2];
        for (int j = 0; j < 2; j++) {
            const int along = lane() % 4 * 2 + j, across = lane() / 4;
            const char* row = sixteen_shared_bytes(words_of(8 * i + (is_turned ? along : across))[0]);
            memcpy(&pair[j], row + 2 * (is_turned ? across : along), 2);
        }
        *parts[i] = pair[0] | (unsigned)pair[1] << 16;
    }
}

static void load_4(unsigned& a, unsigned& b, unsigned& c, unsigned& d, unsigned from) {
    unsigned* parts[4] = {&a, &b, &c, &d};
    load(parts, from, false);
}

static void load_4_turned(unsigned& a, unsigned& b, unsigned& c, unsigned& d, unsigned from) {
    unsigned* parts[4] = {&a, &b, &c, &d};
    load(parts, from, true);
}

// The words of A [16][K] and B [K][8] that hold a row's or a column's numbers from 4 bytes times `chunk` on.
static unsigned word_of_a(int row, int chunk) { return words_of(row % 8 * 4 + chunk % 4)[row / 8 + chunk / 4 * 2]; }
static unsigned word_of_b(int column, int chunk) { return words_of(column * 4 + chunk % 4)[4 + chunk / 4]; }

static void multiply_8_bits(
    int& c0, int& c1, int& c2, int& c3, unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1
) {
    exchange("product of 8 bits", {{a0, a1, a2, a3, b0, b1}});
    int* sums[4] = {&c0, &c1, &c2, &c3};
    for (int i = 0; i < 4; i++)
        for (int chunk = 0; chunk < 8; chunk++) {
            const unsigned a = word_of_a(lane() / 4 + i / 2 * 8, chunk), b = word_of_b(lane() % 4 * 2 + i % 2, chunk);
            for (int j = 0; j < 32; j += 8) *sums[i] += (signed char)(a >> j) * (signed char)(b >> j);
        }
}

static void multiply_16_bits(
    unsigned& c0, unsigned& c1, unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1
) {
    exchange("product of 16 bits", {{a0, a1, a2, a3, b0, b1}});
    unsigned* sums[2] = {&c0, &c1};
    for (int i = 0; i < 2; i++) {
        float results[2];
        for (int j = 0; j < 2; j++) {
            results[j] = number_of_half(*sums[i] >> 16 * j);
            for (int chunk = 0; chunk < 8; chunk++) {
                const unsigned a = word_of_a(lane() / 4 + 8 * i, chunk), b = word_of_b(lane() % 4 * 2 + j, chunk);
                results[j] += number_of_half(a) * number_of_half(b);
                results[j] += number_of_half(a >> 16) * number_of_half(b >> 16);
            }
        }
        to_halves(*sums[i], results[1], results[0]);
    }
}
