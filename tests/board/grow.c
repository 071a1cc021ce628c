// grow.c - allocates and touches memory in steps of 10 MB, up to the number of megabytes of its
// argument.
//
// It says how far it came after each step, so that the last line shows where it was killed.  It
// uses no library, so that one compiler makes it for every architecture.

static long call(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
#endif
}

#if defined(__x86_64__)
enum { kWrite = 1, kMmap = 9, kExit = 231 };
#elif defined(__aarch64__)
enum { kWrite = 64, kMmap = 222, kExit = 94 };
#endif

static void say(long megabytes)
{
    char text[24] = "        MB\n";
    for (int at = 6; megabytes > 0; megabytes /= 10)
        text[at--] = (char)('0' + megabytes % 10);
    call(kWrite, 1, (long)text, 11, 0, 0, 0);
}

__attribute__((used)) void run(const long* stack)
{
    const char* limit = stack[0] > 1 ? (const char*)stack[2] : "0";
    long wanted = 0;
    for (; *limit >= '0' && *limit <= '9'; limit++)
        wanted = wanted * 10 + (*limit - '0');

    const long step = 10L << 20;
    for (long megabytes = 10; megabytes <= wanted; megabytes += 10) {
        // PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS
        long memory = call(kMmap, 0, step, 3, 0x22, -1, 0);
        if (memory < 0 && memory > -4096)
            call(kExit, 1, 0, 0, 0, 0, 0);
        for (long at = 0; at < step; at += 4096)
            ((volatile char*)memory)[at] = 1;
        say(megabytes);
    }
    call(kExit, 0, 0, 0, 0, 0, 0);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call run\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start: mov x0, sp\n bl run\n");
#endif
