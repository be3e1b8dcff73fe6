;; The inner loops of the absence index: which 12-byte pieces of a file are marked, and the filter that holds the marks.
;; Assembled into kernel.ts by `node assemble.ts` (the test of this folder holds both equal).
;;
;; A piece is marked if the least hash of the nine 4-byte words in it is that of its first or its last word (a closed
;; syncmer, Edgar 2021: about two pieces in nine). That depends on nothing but its 12 bytes, so a marked piece of a part
;; of a file is a marked piece of the file; and any nine pieces in a row hold a marked one.
;;
;; The filter is a Bloom filter of 64-bit words (Putze, Sanders and Singler 2007): the high bits of a piece's hash choose
;; the word, three times six further bits the bits in it. It never forgets a piece; it may remember one that never was.
;; Several instances share one memory: marks are gathered in 256 bins by the word's high bits, and a full bin is written
;; under a lock of its part of the filter.
;;
;; Memory:  0     256 locks of 4 bytes
;;          65536 the filter, 2^bits words
;;          scratch of each instance, where setup() says: 256 counts of 4 bytes, then (at 1024) hashes of 8 positions
;;          more than BLOCK, then (at 16384) 256 bins of 4096 marks of 8 bytes and 64 bytes more; then the caller's bytes.
;; Bytes must be followed by 32 more that may be read (whatever they are).
(module
  (import "env" "memory" (memory 1 65536 shared))

  (global $shift (mut i64) (i64.const 0))   ;; 64 - bits
  (global $counts (mut i32) (i32.const 0))
  (global $hashes (mut i32) (i32.const 0))
  (global $bins (mut i32) (i32.const 0))
  (global $seen (mut i64) (i64.const 0))

  (func (export "setup") (param $bits i32) (param $scratch i32)
    (global.set $shift (i64.extend_i32_u (i32.sub (i32.const 64) (local.get $bits))))
    (global.set $counts (local.get $scratch))
    (global.set $hashes (i32.add (local.get $scratch) (i32.const 1024)))
    (global.set $bins (i32.add (local.get $scratch) (i32.const 16384))))

  ;; The 64-bit hash of the 12 bytes at $p.
  (func $hash (param $p i32) (result i64)
    (local $h i64)
    (local.set $h (i64.mul (i64.load align=1 (local.get $p)) (i64.const 0x9e3779b97f4a7c15)))
    (local.set $h (i64.xor (local.get $h) (i64.shr_u (local.get $h) (i64.const 32))))
    (local.set $h (i64.add (local.get $h)
      (i64.mul (i64.load32_u offset=8 align=1 (local.get $p)) (i64.const 0xc2b2ae3d27d4eb4f))))
    (local.set $h (i64.mul (local.get $h) (i64.const 0xd6e8feb86659fd93)))
    (i64.xor (local.get $h) (i64.shr_u (local.get $h) (i64.const 29))))

  ;; The three bits of a hash in its word.
  (func $mask (param $h i64) (result i64)
    (i64.or (i64.or
      (i64.shl (i64.const 1) (i64.shr_u (local.get $h) (i64.const 18)))
      (i64.shl (i64.const 1) (i64.shr_u (local.get $h) (i64.const 24))))
      (i64.shl (i64.const 1) (i64.shr_u (local.get $h) (i64.const 30)))))

  ;; Address of a hash's word, less the filter's own address.
  (func $word (param $h i64) (result i32)
    (i32.shl (i32.wrap_i64 (i64.shr_u (local.get $h) (global.get $shift))) (i32.const 3)))

  ;; 16-bit hashes of the 4-byte words at eight places in a row. Zeros, the commonest word, have the greatest one.
  (func $words (param $p i32) (result v128)
    (local $v v128)
    (local.set $v (v128.load align=1 (local.get $p)))
    (i16x8.sub
      (i16x8.add
        (i16x8.mul
          (i8x16.shuffle 0 1 1 2 2 3 3 4 4 5 5 6 6 7 7 8 (local.get $v) (local.get $v))
          (i16x8.splat (i32.const 0x9e35)))
        (i16x8.mul
          (i8x16.shuffle 2 3 3 4 4 5 5 6 6 7 7 8 8 9 9 10 (local.get $v) (local.get $v))
          (i16x8.splat (i32.const 0x6ac3))))
      (i16x8.splat (i32.const 1))))

  ;; Hashes of the words at the first $length places (and up to 15 more).
  (func $hashAll (param $p i32) (param $length i32)
    (local $to i32) (local $end i32)
    (local.set $to (global.get $hashes))
    (local.set $end (i32.add (local.get $to) (i32.shl (local.get $length) (i32.const 1))))
    (loop $next
      (v128.store align=1 (local.get $to) (call $words (local.get $p)))
      (local.set $p (i32.add (local.get $p) (i32.const 8)))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $to) (local.get $end)))))

  ;; Which of the eight pieces whose first words' hashes stand at $h are marked: a bit each.
  (func $marked (param $h i32) (result i32)
    (i16x8.bitmask (i16x8.le_u
      (i16x8.min_u (v128.load align=1 (local.get $h)) (v128.load offset=16 align=1 (local.get $h)))
      (i16x8.min_u
        (i16x8.min_u
          (i16x8.min_u (v128.load offset=2 align=1 (local.get $h)) (v128.load offset=4 align=1 (local.get $h)))
          (i16x8.min_u (v128.load offset=6 align=1 (local.get $h)) (v128.load offset=8 align=1 (local.get $h))))
        (i16x8.min_u
          (i16x8.min_u (v128.load offset=10 align=1 (local.get $h)) (v128.load offset=12 align=1 (local.get $h)))
          (v128.load offset=14 align=1 (local.get $h)))))))

  ;; Of eight pieces those that are whole: $left pieces remain.
  (func $whole (param $left i32) (result i32)
    (if (result i32) (i32.ge_u (local.get $left) (i32.const 8))
      (then (i32.const 255))
      (else (i32.sub (i32.shl (i32.const 1) (local.get $left)) (i32.const 1)))))

  ;; Writes one bin into the filter.
  (func $empty (param $bin i32)
    (local $lock i32) (local $count i32) (local $at i32) (local $end i32)
    (local $from i32) (local $to i32) (local $h i64) (local $word i32) (local $seen i64)
    (local.set $count (i32.add (global.get $counts) (i32.shl (local.get $bin) (i32.const 2))))
    (local.set $at (i32.add (global.get $bins) (i32.mul (local.get $bin) (i32.const 32832))))
    (local.set $end (i32.add (local.get $at) (i32.shl (i32.load (local.get $count)) (i32.const 3))))
    (i32.store (local.get $count) (i32.const 0))
    (local.set $lock (i32.shl (local.get $bin) (i32.const 2)))
    (loop $wait
      (br_if $wait (i32.atomic.rmw.cmpxchg (local.get $lock) (i32.const 0) (i32.const 1))))
    (block $done
      (loop $some
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        ;; Words of 64 marks are looked at first: the processor fetches many of them at once.
        (local.set $from (local.get $at))
        (local.set $to (i32.add (local.get $at) (i32.const 512)))
        (if (i32.gt_u (local.get $to) (local.get $end)) (then (local.set $to (local.get $end))))
        (loop $look
          (local.set $seen (i64.xor (local.get $seen)
            (i64.load offset=65536 (call $word (i64.load (local.get $from))))))
          (br_if $look (i32.lt_u
            (local.tee $from (i32.add (local.get $from) (i32.const 8))) (local.get $to))))
        (loop $next
          (local.set $h (i64.load (local.get $at)))
          (local.set $word (call $word (local.get $h)))
          (i64.store offset=65536 (local.get $word)
            (i64.or (i64.load offset=65536 (local.get $word)) (call $mask (local.get $h))))
          (br_if $next (i32.lt_u
            (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $to))))
        (br $some)))
    ;; What was looked at must be of use, or it would not be looked at.
    (global.set $seen (local.get $seen))
    (i32.atomic.store (local.get $lock) (i32.const 0)))

  ;; Puts a mark into its bin.
  (func $put (param $h i64)
    (local $bin i32) (local $count i32) (local $filled i32)
    (local.set $bin (i32.wrap_i64 (i64.shr_u (local.get $h) (i64.const 56))))
    (local.set $count (i32.add (global.get $counts) (i32.shl (local.get $bin) (i32.const 2))))
    (local.set $filled (i32.load (local.get $count)))
    (i64.store
      (i32.add
        (i32.add (global.get $bins) (i32.mul (local.get $bin) (i32.const 32832)))
        (i32.shl (local.get $filled) (i32.const 3)))
      (local.get $h))
    (local.set $filled (i32.add (local.get $filled) (i32.const 1)))
    (i32.store (local.get $count) (local.get $filled))
    (if (i32.eq (local.get $filled) (i32.const 4096)) (then (call $empty (local.get $bin)))))

  ;; Remembers the marked pieces of $length bytes at $p, at most BLOCK = 7000. Call flush() before anybody asks.
  (func (export "add") (param $p i32) (param $length i32)
    (local $left i32) (local $h i32) (local $marks i32)
    (if (i32.lt_u (local.get $length) (i32.const 12)) (then (return)))
    (local.set $left (i32.sub (local.get $length) (i32.const 11)))
    (call $hashAll (local.get $p) (i32.sub (local.get $length) (i32.const 3)))
    (local.set $h (global.get $hashes))
    (loop $eight
      (local.set $marks (i32.and (call $marked (local.get $h)) (call $whole (local.get $left))))
      (block $none
        (loop $each
          (br_if $none (i32.eqz (local.get $marks)))
          (call $put (call $hash (i32.add (local.get $p) (i32.ctz (local.get $marks)))))
          (local.set $marks (i32.and (local.get $marks) (i32.sub (local.get $marks) (i32.const 1))))
          (br $each)))
      (local.set $p (i32.add (local.get $p) (i32.const 8)))
      (local.set $h (i32.add (local.get $h) (i32.const 16)))
      (if (i32.le_u (local.get $left) (i32.const 8)) (then (return)))
      (local.set $left (i32.sub (local.get $left) (i32.const 8)))
      (br $eight)))

  ;; Writes all bins into the filter.
  (func (export "flush")
    (local $bin i32)
    (loop $next
      (call $empty (local.get $bin))
      (local.set $bin (i32.add (local.get $bin) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $bin) (i32.const 256)))))

  ;; 1 if a marked piece of the $length bytes at $p (at most BLOCK) was never remembered, otherwise 0.
  (func (export "absent") (param $p i32) (param $length i32) (result i32)
    (local $left i32) (local $h i32) (local $marks i32) (local $key i64) (local $mask i64)
    (if (i32.lt_u (local.get $length) (i32.const 12)) (then (return (i32.const 0))))
    (local.set $left (i32.sub (local.get $length) (i32.const 11)))
    (call $hashAll (local.get $p) (i32.sub (local.get $length) (i32.const 3)))
    (local.set $h (global.get $hashes))
    (loop $eight
      (local.set $marks (i32.and (call $marked (local.get $h)) (call $whole (local.get $left))))
      (block $none
        (loop $each
          (br_if $none (i32.eqz (local.get $marks)))
          (local.set $key (call $hash (i32.add (local.get $p) (i32.ctz (local.get $marks)))))
          (local.set $mask (call $mask (local.get $key)))
          (if (i64.ne (local.get $mask)
                (i64.and (local.get $mask) (i64.load offset=65536 (call $word (local.get $key)))))
            (then (return (i32.const 1))))
          (local.set $marks (i32.and (local.get $marks) (i32.sub (local.get $marks) (i32.const 1))))
          (br $each)))
      (local.set $p (i32.add (local.get $p) (i32.const 8)))
      (local.set $h (i32.add (local.get $h) (i32.const 16)))
      (if (i32.le_u (local.get $left) (i32.const 8)) (then (return (i32.const 0))))
      (local.set $left (i32.sub (local.get $left) (i32.const 8)))
      (br $eight))
    (i32.const 0))
)
