// What decides a new TCP connection to this host:
//     nft -j list ruleset | deciding 192.0.2.7 192.0.2.10 22
import Addressing
import ConnectionSpace
import Nftables
import RulesetSpace

let words = CommandLine.arguments.dropFirst()
guard words.count == 3, let port = UInt16(words[3]) else {
  fatalError("usage: nft -j list ruleset | deciding SOURCE DESTINATION PORT")
}
let source = try Address(parsing: words[1])
let destination = try Address(parsing: words[2])

var ruleset = ""
while let line = readLine(strippingNewline: false) { ruleset += line }
let tables = try Table.tables(fromJSON: Array(ruleset.utf8))

let connection = Point(.ingress, from: source, to: destination, .tcp, kind: port)
let trace = try ConnectionTrace(
  of: connection, tables, Circumstances(ownAddresses: AddressSet([destination])))
for step in trace.steps {
  print("\(step.hook): \(step.table) \(step.chain)")
  for decision in step.decisions { print("  rule \(decision.rule.index + 1): \(decision.verdict)") }
  if let policy = step.policy { print("  policy \(policy.keyword)") }
}
print(trace.fate.rawValue)
