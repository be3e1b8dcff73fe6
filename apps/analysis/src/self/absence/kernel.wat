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
;; A salt makes one filter hold several sets: a mark is exclusive-ored with the salt of its set. Where a filter samples, only
;; one mark in so many is kept, by its hash.
;;
;; Memory:  0     256 locks of 4 bytes
;;          65536 the filter, 2^bits words
;;          scratch of each instance, where setup() says: 256 counts of 4 bytes, then (at 1024) hashes of 24 positions
;;          more than BLOCK, then (at 16384) for each of 256 sets of bits their places, a byte each, then (at 18432) places of
;;          marked pieces, 2 bytes each, then (at 32768) 256 bins of `room` marks of 8 bytes and 64 bytes more; then the
;;          caller's bytes.
;; Bytes must be followed by 48 more that may be read (whatever they are).
(module
  (import "env" "memory" (memory 1 65536 shared))

  (global $shift (mut i64) (i64.const 0))   ;; 64 - bits
  (global $skip (mut i32) (i32.const 0))    ;; marks with any of these bits are left out
  (global $room (mut i32) (i32.const 0))
  (global $stride (mut i32) (i32.const 0))  ;; bytes from one bin to the next
  (global $counts (mut i32) (i32.const 0))
  (global $hashes (mut i32) (i32.const 0))
  (global $table (mut i32) (i32.const 0))
  (global $list (mut i32) (i32.const 0))
  (global $bins (mut i32) (i32.const 0))
  (global $seen (mut i64) (i64.const 0))

  (func (export "setup") (param $bits i32) (param $scratch i32) (param $room i32) (param $skip i32)
    (local $set i32) (local $bit i32) (local $to i32)
    (global.set $shift (i64.extend_i32_u (i32.sub (i32.const 64) (local.get $bits))))
    (global.set $skip (local.get $skip))
    (global.set $room (local.get $room))
    (global.set $stride (i32.add (i32.shl (local.get $room) (i32.const 3)) (i32.const 64)))
    (global.set $counts (local.get $scratch))
    (global.set $hashes (i32.add (local.get $scratch) (i32.const 1024)))
    (global.set $table (i32.add (local.get $scratch) (i32.const 16384)))
    (global.set $list (i32.add (local.get $scratch) (i32.const 18432)))
    (global.set $bins (i32.add (local.get $scratch) (i32.const 32768)))
    (loop $each
      (local.set $to (i32.add (global.get $table) (i32.shl (local.get $set) (i32.const 3))))
      (local.set $bit (i32.const 0))
      (loop $next
        (if (i32.and (i32.const 1) (i32.shr_u (local.get $set) (local.get $bit)))
          (then
            (i32.store8 (local.get $to) (local.get $bit))
            (local.set $to (i32.add (local.get $to) (i32.const 1)))))
        (br_if $next (i32.lt_u (local.tee $bit (i32.add (local.get $bit) (i32.const 1))) (i32.const 8))))
      (br_if $each (i32.lt_u (local.tee $set (i32.add (local.get $set) (i32.const 1))) (i32.const 256)))))

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

  ;; 16-bit hashes of the 4-byte words at the first $length places (and up to 15 more). Zeros, the commonest word, have the
  ;; greatest one.
  (func $hashAll (param $p i32) (param $length i32)
    (local $to i32) (local $end i32) (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $low v128) (local $high v128) (local $one v128)
    (local.set $low (i16x8.splat (i32.const 0x9e35)))
    (local.set $high (i16x8.splat (i32.const 0x6ac3)))
    (local.set $one (i16x8.splat (i32.const 1)))
    (local.set $to (global.get $hashes))
    (local.set $end (i32.add (local.get $to) (i32.shl (local.get $length) (i32.const 1))))
    (loop $next
      ;; The halves of words at even and at odd places; interleaved they stand in order.
      (local.set $a (v128.load align=1 (local.get $p)))
      (local.set $b (v128.load offset=1 align=1 (local.get $p)))
      (local.set $c (v128.load offset=2 align=1 (local.get $p)))
      (local.set $d (v128.load offset=3 align=1 (local.get $p)))
      (v128.store align=1 (local.get $to) (i16x8.sub
        (i16x8.add
          (i16x8.mul (local.get $low)
            (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $a) (local.get $b)))
          (i16x8.mul (local.get $high)
            (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $c) (local.get $d))))
        (local.get $one)))
      (v128.store offset=16 align=1 (local.get $to) (i16x8.sub
        (i16x8.add
          (i16x8.mul (local.get $low)
            (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $a) (local.get $b)))
          (i16x8.mul (local.get $high)
            (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $c) (local.get $d))))
        (local.get $one)))
      (local.set $p (i32.add (local.get $p) (i32.const 16)))
      (br_if $next (i32.lt_u (local.tee $to (i32.add (local.get $to) (i32.const 32))) (local.get $end)))))

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

  ;; Lists the places of the marked pieces of $length bytes, without a branch for each. @returns the end of the list
  (func $places (param $length i32) (result i32)
    (local $left i32) (local $h i32) (local $marks i32) (local $to i32) (local $place v128) (local $eight v128)
    (local.set $eight (i16x8.splat (i32.const 8)))
    (local.set $left (i32.sub (local.get $length) (i32.const 11)))
    (local.set $h (global.get $hashes))
    (local.set $to (global.get $list))
    (loop $next
      (local.set $marks (i32.and (call $marked (local.get $h)) (call $whole (local.get $left))))
      (v128.store align=1 (local.get $to) (i16x8.add (local.get $place) (i16x8.extend_low_i8x16_u
        (v128.load64_zero (i32.add (global.get $table) (i32.shl (local.get $marks) (i32.const 3)))))))
      (local.set $to (i32.add (local.get $to) (i32.shl (i32.popcnt (local.get $marks)) (i32.const 1))))
      (local.set $place (i16x8.add (local.get $place) (local.get $eight)))
      (local.set $h (i32.add (local.get $h) (i32.const 16)))
      (br_if $next (i32.gt_s (local.tee $left (i32.sub (local.get $left) (i32.const 8))) (i32.const 0))))
    (local.get $to))

  ;; Writes one bin into the filter.
  (func $empty (param $bin i32)
    (local $lock i32) (local $count i32) (local $at i32) (local $end i32)
    (local $from i32) (local $to i32) (local $h i64) (local $word i32) (local $seen i64)
    (local.set $count (i32.add (global.get $counts) (i32.shl (local.get $bin) (i32.const 2))))
    (local.set $at (i32.add (global.get $bins) (i32.mul (local.get $bin) (global.get $stride))))
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

  ;; Remembers the marked pieces of $length bytes at $p, at most BLOCK = 7000. Call flush() before anybody asks.
  (func (export "add") (param $p i32) (param $length i32) (param $salt i64)
    (local $at i32) (local $end i32) (local $h i64) (local $last i64) (local $bin i32) (local $count i32) (local $filled i32)
    (if (i32.lt_u (local.get $length) (i32.const 12)) (then (return)))
    (call $hashAll (local.get $p) (i32.sub (local.get $length) (i32.const 3)))
    (local.set $end (call $places (local.get $length)))
    (local.set $at (global.get $list))
    (block $done
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      ;; Anything but the first piece's hash; that of zeros is 0.
      (local.set $last (i64.xor (i64.const -1)
        (call $hash (i32.add (local.get $p) (i32.load16_u (local.get $at))))))
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $h (call $hash (i32.add (local.get $p) (i32.load16_u (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        ;; In a run of one byte each piece is marked.
        (br_if $next (i64.eq (local.get $h) (local.get $last)))
        (local.set $last (local.get $h))
        (br_if $next (i32.and (i32.wrap_i64 (local.get $h)) (global.get $skip)))
        (local.set $h (i64.xor (local.get $h) (local.get $salt)))
        (local.set $bin (i32.wrap_i64 (i64.shr_u (local.get $h) (i64.const 56))))
        (local.set $count (i32.add (global.get $counts) (i32.shl (local.get $bin) (i32.const 2))))
        (local.set $filled (i32.load (local.get $count)))
        (i64.store
          (i32.add
            (i32.add (global.get $bins) (i32.mul (local.get $bin) (global.get $stride)))
            (i32.shl (local.get $filled) (i32.const 3)))
          (local.get $h))
        (local.set $filled (i32.add (local.get $filled) (i32.const 1)))
        (i32.store (local.get $count) (local.get $filled))
        (br_if $next (i32.ne (local.get $filled) (global.get $room)))
        (call $empty (local.get $bin))
        (br $next))))

  ;; Writes all bins into the filter.
  (func (export "flush")
    (local $bin i32)
    (loop $next
      (call $empty (local.get $bin))
      (local.set $bin (i32.add (local.get $bin) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $bin) (i32.const 256)))))

  ;; Writes for each marked piece of the $length bytes at $p (at most BLOCK) into the first bins, which must be empty: number of
  ;; its word (4 bytes) and its bits in it (8 bytes, after 4 of no meaning). @returns how many
  (func (export "marks") (param $p i32) (param $length i32) (param $salt i64) (result i32)
    (local $at i32) (local $end i32) (local $h i64) (local $to i32) (local $found i32)
    (if (i32.lt_u (local.get $length) (i32.const 12)) (then (return (i32.const 0))))
    (call $hashAll (local.get $p) (i32.sub (local.get $length) (i32.const 3)))
    (local.set $end (call $places (local.get $length)))
    (local.set $at (global.get $list))
    (local.set $to (global.get $bins))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $h (call $hash (i32.add (local.get $p) (i32.load16_u (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (br_if $next (i32.and (i32.wrap_i64 (local.get $h)) (global.get $skip)))
        (local.set $h (i64.xor (local.get $h) (local.get $salt)))
        (i32.store (local.get $to) (i32.wrap_i64 (i64.shr_u (local.get $h) (global.get $shift))))
        (i64.store offset=8 (local.get $to) (call $mask (local.get $h)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (local.set $found (i32.add (local.get $found) (i32.const 1)))
        (br $next)))
    (local.get $found))
)
