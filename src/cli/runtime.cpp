// runtime.cpp - what the program brings to its C and C++ libraries, in the product only (the host
// build has its own).
//
// - Read-only relocations: musl applies them for its dynamic programs, not for static ones.
// - operator new and the abort of libc++: an appliance's program that is out of memory says so and
// ends,
//   there being no exceptions; libc++'s own versions would bring more code for less said.

#include <elf.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <new>
#include <string_view>

namespace {

[[noreturn]] void die(std::string_view why)
{
    (void)!write(STDERR_FILENO, why.data(), why.size());
    _exit(125);  // abort(3) would not end a container's first process
}

// Runs after the relocations are applied (which includes the table of constructors it is called
// from). The linker starts the next writable segment on a page of its own, so the end may be
// rounded up.
[[gnu::constructor]] void protect_relocations()
{
    auto header = reinterpret_cast<const Elf64_Phdr*>(getauxval(AT_PHDR));
    size_t count = getauxval(AT_PHNUM);
    uintptr_t page = getauxval(AT_PAGESZ);
    uintptr_t base = 0;
    for (size_t i = 0; i < count; i++)
        if (header[i].p_type == PT_PHDR)
            base = reinterpret_cast<uintptr_t>(header) - header[i].p_vaddr;
    for (size_t i = 0; i < count; i++) {
        if (header[i].p_type != PT_GNU_RELRO)
            continue;
        uintptr_t start = (base + header[i].p_vaddr) & ~(page - 1);
        uintptr_t end = (base + header[i].p_vaddr + header[i].p_memsz + page - 1) & ~(page - 1);
        mprotect(reinterpret_cast<void*>(start), end - start, PROT_READ);
    }
}

void* allocate(size_t size)
{
    if (void* memory = malloc(size ? size : 1)) [[likely]]
        return memory;
    die("kist: out of memory\n");
}

}  // namespace

void* operator new(size_t size)
{
    return allocate(size);
}

void* operator new[](size_t size)
{
    return allocate(size);
}

void operator delete(void* memory) noexcept
{
    free(memory);
}

void operator delete[](void* memory) noexcept
{
    free(memory);
}

void operator delete(void* memory, size_t) noexcept
{
    free(memory);
}

void operator delete[](void* memory, size_t) noexcept
{
    free(memory);
}

// Where libc++ would throw (a string that is too long, a bad variant access).
void std::__libcpp_verbose_abort(const char*, ...)
{
    die("kist: internal error: a library function was used wrongly\n");
}

// libc++abi's own, for what cannot be, takes vfprintf along.
extern "C" [[gnu::visibility("hidden")]] void abort_message(const char*, ...)
{
    die("kist: internal error: the C++ runtime gave up\n");
}
