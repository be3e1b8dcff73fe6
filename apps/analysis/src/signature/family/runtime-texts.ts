/**
 * What compilers, linkers, language runtimes and packers leave in every program that they make. Self usually holds it; where
 * it does not (a machine without Go programs, another version of a packer), these patterns still keep it out of a rule.
 */
const patterns: readonly RegExp[] = [
  /^(GCC|clang|LLVM|Linker|rustc|DW_|Dwarf)[:_ ]/i,
  /^\.?(text|data|bss|rodata|symtab|strtab|shstrtab|dynsym|dynstr|eh_frame|init_array|note|gnu)[._]/,
  /\b(GLIBC|GLIBCXX|CXXABI|GCC|LIBC)_[\dA-Z.]+/,
  /(sysdeps|libio|\/glibc|ld-linux|ld-musl|libgcc|libstdc\+\+|crtstuff|\bmalloc\.c\b)/,
  /^_Z(N?K?S[ats]|T[VIS]N?S|N?10__cxxabi|St)/,
  /std::|basic_string|__cxx|__gxx|terminate called/,
  /\/rustc\/|library\/(std|core|alloc)\/|RUST_(BACKTRACE|MIN)|panicked at|^(core|alloc|std)::/,
  /^(runtime|reflect|sync|syscall|internal|go|type|unicode|strconv|vendor\/golang)[./]\S+$|\.go\b|golang|GOROOT|GOMAXPROCS|goroutine|\bgc\b.*(heap|sweep|mark)/,
  /\bUPX\b|upx\.sf|PROT_EXEC\|PROT_WRITE|_MEI(PASS|\w{6})|pyi-|PyInstaller|Py_[A-Z]\w+|AppImage|squashfs|makeself/i,
  /libpython|Traceback \(most recent/,
  /(inflate|deflate) [\d.]+ Copyright|incorrect (header|data|length) check|invalid (block type|distance|literal|code length)/,
  /^[A-Za-z]:\\.*\.(pdb|cpp|c)$/,
  /SHA-?\d+ .*(OpenSSL|CRYPTOGAMS)|CRYPTOGAMS|appro@openssl/,
];

/** So much of a text is looked at: enough to know it, little enough for hostile ones. */
const LOOKED_AT = 256;

export function isRuntimeText(text: string): boolean {
  const start = text.slice(0, LOOKED_AT);
  const plain = start.includes("\0") ? start.replaceAll("\0", "") : start;
  return patterns.some((pattern) => pattern.test(plain));
}
