// start.cpp - the first instructions of the product: compact relocations, then the C library's
// start.
//
// A position independent program has some two thousand pointers that are to be moved to where it
// was loaded.  As RELR (System V ABI, "Relative Relocation Table") they take 400 bytes of the file
// instead of 48 KiB.  musl learned RELR in version 1.2.4, Debian 12 has 1.2.3, so it is done here,
// before musl starts.  Nothing may be used that needs a relocation or thread-local storage itself.

#include <elf.h>

#include <cstddef>
#include <cstdint>

namespace {

// <elf.h> of musl 1.2.3 does not know them.
constexpr int64_t kRelrSize = 35;  // DT_RELRSZ
constexpr int64_t kRelr = 36;      // DT_RELR

}  // namespace

// Called by the instructions below with the load address and the dynamic section.
extern "C" [[gnu::used, gnu::visibility("hidden"), gnu::no_stack_protector]] void kist_relocate(
    uintptr_t base, const Elf64_Dyn* dynamic)
{
    const uint64_t* table = nullptr;
    size_t size = 0;
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        if (dynamic->d_tag == kRelr)
            table = reinterpret_cast<const uint64_t*>(base + dynamic->d_un.d_ptr);
        if (dynamic->d_tag == kRelrSize)
            size = dynamic->d_un.d_val / sizeof(uint64_t);
    }
    // An even entry is the address of a word to move; an odd one has a bit for each of the next 63.
    uint64_t* word = nullptr;
    for (size_t i = 0; i < size; i++) {
        uint64_t entry = table[i];
        if (!(entry & 1)) {
            word = reinterpret_cast<uint64_t*>(base + entry);
            *word++ += base;
            continue;
        }
        for (uint64_t* next = word; entry >>= 1; next++)
            if (entry & 1)
                *next += base;
        word += 63;
    }
}

#if defined(__x86_64__)
asm(R"(
    .text
    .globl kist_start
    .hidden kist_start
    .type kist_start, @function
kist_start:
    push %rdx
    push %rdx
    lea __ehdr_start(%rip), %rdi
    lea _DYNAMIC(%rip), %rsi
    call kist_relocate
    pop %rdx
    pop %rdx
    jmp _start
    .hidden __ehdr_start
    .hidden _DYNAMIC
)");
#elif defined(__aarch64__)
asm(R"(
    .text
    .globl kist_start
    .hidden kist_start
    .type kist_start, %function
kist_start:
    adrp x0, __ehdr_start
    add x0, x0, :lo12:__ehdr_start
    adrp x1, _DYNAMIC
    add x1, x1, :lo12:_DYNAMIC
    bl kist_relocate
    b _start
    .hidden __ehdr_start
    .hidden _DYNAMIC
)");
#endif
