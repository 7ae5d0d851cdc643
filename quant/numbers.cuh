// Eight 16-bit numbers as they lie in memory, and their values. Macros: BF16 or FP16.

struct alignas(16) Numbers {
    unsigned short at[8];
};

#ifdef BF16
__device__ float to_float(unsigned short number) { return __uint_as_float((unsigned)number << 16); }

__device__ unsigned short from_float(float value) {
    unsigned short number;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(number) : "f"(value));
    return number;
}
#else
__device__ float to_float(unsigned short number) {
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(number));
    return value;
}

__device__ unsigned short from_float(float value) {
    unsigned short number;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(number) : "f"(value));
    return number;
}
#endif

// The larger of two, and what isn't a number before all.
__device__ float larger(float a, float b) { return b > a || b != b ? b : a; }
