/// `1 host`, `2 hosts`; `3 policies` where an `s` is not all that is missing.
func counted(_ count: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
  "\(count) \(count == 1 ? one : many ?? one + "s")"
}

/// `40 s`, `5 min`, `3 h`, `2 d`: a time in the largest unit that there is one of.
func roughly(seconds: some BinaryInteger) -> String {
  for (unit, length) in [("d", 86_400), ("h", 3600), ("min", 60)] where seconds >= length {
    return "\(Int(clamping: seconds) / length) \(unit)"
  }
  return "\(seconds) s"
}
