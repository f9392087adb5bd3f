/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A client interface without a C library, which does nothing: what is left of its start is the kernel's. Most
 * of the start of any other is the library that looks at the processor.
 */
#if defined(BARE) && defined(__x86_64__) && defined(__linux__)
void _start(void) __attribute__((noreturn));

void _start(void)
{
    for (;;)
        __asm__ volatile("syscall" : : "a"(60), "D"(0) : "rcx", "r11", "memory"); /* exit(0) */
}
#else
int main(void)
{
    return 0;
}
#endif
