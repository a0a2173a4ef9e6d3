/* In place of a CUDA library when the program is linked: each function loads the library when first called, and goes on
   in it. docs/build-cuda.sh compiles this once a library, for Linux on x86-64, with
     FUNCTIONS  a file of its functions, such as X(cuInit), one a line
     LIBRARY    its name, such as "libcuda.so.1"
     MISSING    what a function answers where there is no such library or function: an error of that library */
#include <dlfcn.h>
#include <stddef.h>

#define X(name) #name,
static const char *const names[] = {
#include FUNCTIONS
};
#undef X

__attribute__((used)) static void *found[sizeof names / sizeof *names];

static long missing(void) { return MISSING; }

/* Two threads may both come here: both find the same. */
__attribute__((used)) static void *find(long number) {
  void *library = dlopen(LIBRARY, RTLD_LAZY | RTLD_GLOBAL);
  void *function = library ? dlsym(library, names[number]) : NULL;
  return found[number] = function ? function : (void *)missing;
}

/* \@ counts the functions. Arguments in registers are kept while one is looked for; those on the stack stay there. */
#define X(name) "function " #name "\n"
__asm__(
    ".text\n"
    "look:\n"
    "  push %rdi\n  push %rsi\n  push %rdx\n  push %rcx\n  push %r8\n  push %r9\n  push %rax\n"
    "  sub $128, %rsp\n"
    "  movups %xmm0, (%rsp)\n  movups %xmm1, 16(%rsp)\n  movups %xmm2, 32(%rsp)\n  movups %xmm3, 48(%rsp)\n"
    "  movups %xmm4, 64(%rsp)\n  movups %xmm5, 80(%rsp)\n  movups %xmm6, 96(%rsp)\n  movups %xmm7, 112(%rsp)\n"
    "  mov 184(%rsp), %rdi\n"
    "  sub $8, %rsp\n  call find\n  add $8, %rsp\n"
    "  mov %rax, %r11\n"
    "  movups (%rsp), %xmm0\n  movups 16(%rsp), %xmm1\n  movups 32(%rsp), %xmm2\n  movups 48(%rsp), %xmm3\n"
    "  movups 64(%rsp), %xmm4\n  movups 80(%rsp), %xmm5\n  movups 96(%rsp), %xmm6\n  movups 112(%rsp), %xmm7\n"
    "  add $128, %rsp\n"
    "  pop %rax\n  pop %r9\n  pop %r8\n  pop %rcx\n  pop %rdx\n  pop %rsi\n  pop %rdi\n"
    "  add $8, %rsp\n  jmp *%r11\n"
    ".macro function name\n"
    "  .globl \\name\n  .type \\name, @function\n"
    "\\name:\n"
    "  mov found+8*\\@(%rip), %r11\n  test %r11, %r11\n  jz 1f\n  jmp *%r11\n"
    "1:\n  pushq $\\@\n  jmp look\n"
    ".endm\n"
#include FUNCTIONS
);
