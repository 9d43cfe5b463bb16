internal import CYaml

/// libyaml's parser over bytes in memory; owns the C structure and the copy of the bytes.
@safe struct YAMLParser: ~Copyable {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let input: UnsafeMutableBufferPointer<UInt8>

  /// - Returns: `nil` where libyaml has no memory.
  init?(_ bytes: [UInt8]) {
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    unsafe parser.initialize(to: yaml_parser_t())
    guard unsafe yaml_parser_initialize(parser) == 1 else {
      unsafe parser.deallocate()
      return nil
    }
    let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    _ = unsafe input.initialize(from: bytes)
    unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    unsafe self.parser = parser
    unsafe self.input = input
  }

  deinit {
    unsafe yaml_parser_delete(parser)
    unsafe parser.deallocate()
    unsafe input.deallocate()
  }

  /// A place as libyaml counts: from zero, in characters.
  struct Mark {
    let line: Int
    let column: Int

    init(_ mark: yaml_mark_t) {
      line = Int(mark.line)
      column = Int(mark.column)
    }
  }

  /// Why libyaml could not read on.
  struct Failure {
    /// libyaml's own words.
    let problem: String
    let mark: Mark
    /// What was being read, and where that began.
    let context: (text: String, mark: Mark)?
  }

  /// Hands the next event to `body`; the event's memory is libyaml's and ends with the call.
  ///
  /// - Returns: `nil` where libyaml failed: see ``failure``.
  mutating func next<Result>(_ body: (borrowing yaml_event_t) -> Result) -> Result? {
    var event = unsafe yaml_event_t()
    guard unsafe yaml_parser_parse(parser, &event) == 1 else { return nil }
    defer { unsafe yaml_event_delete(&event) }
    return unsafe body(event)
  }

  /// The last failure of ``next(_:)``.
  var failure: Failure {
    let state = unsafe parser.pointee
    let problem = unsafe state.problem.map { unsafe String(cString: $0) } ?? "out of memory"
    let context = unsafe state.context.map { unsafe (String(cString: $0), Mark(state.context_mark)) }
    return unsafe Failure(problem: problem, mark: Mark(state.problem_mark), context: context)
  }
}
