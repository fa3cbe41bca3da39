## SPDX-License-Identifier: MIT
## Definitions of the functions of one struct or union; `ops` says which are needed.
<%!
from scope import scope_of
%>\
<%namespace name="fields" file="fields.mako"/>\
<%def name="functions(g, name, ops, links)">\
<%
    struct = g.model.struct(name)
    scope = scope_of(g.model, name, struct.fields, "val")
    order = [m.name for m in struct.struct.members]
    heads = [op for op in ops if struct.stype and name in ops[op].owners]
%>\
% if heads:
<% indices = [g.plan.link_index(s.name) for s in g.model.links(name)] %>\
% if indices:
static const uint16_t indices_${name}[] = {
    ${", ".join(map(str, indices))}};
static const struct hsp_vn_chain chain_${name} = {${links}, indices_${name}, ${len(indices)}};
% else:
static const struct hsp_vn_chain chain_${name} = {${links}, NULL, 0};
% endif

% endif
% for op in ops:
% if name in ops[op].bodies and not g.is_omitted(name, op):
% if struct.union:
${union(g, struct, op)}
% elif g.has_body(name, op):
${body(g, struct, op, scope, order)}
% endif
% endif
% if op in heads:
${head(g, struct, op)}
% endif
% endfor
</%def>\
##
<%def name="body(g, struct, op, scope, order)">\
${g.body_prototype(struct.name, op)}
{
% if struct.stype:
    ${"const " if op.startswith("encode") else ""}${struct.name} *val = body_of;

% endif
% if op == "decode":
${fields.decode_items(g.emit, g.model.layout.items(struct.fields, True, order), scope, struct.name)}\
% if struct.name in g.policy.hooks:
    hsp_vn_fix_${struct.name}(reader, val);
% endif
% elif op == "encode":
${fields.encode_items(g.emit, g.model.layout.items(struct.fields, False, order), scope, struct.name)}\
% else:
% for field in struct.fields:
% if g.emit.in_partial(field):
% if op == "decode_partial":
${fields.decode_output(g.emit, field, scope)}\
% else:
${fields.encode_output(g.emit, field, scope)}\
% endif
% endif
% endfor
% endif
}
</%def>\
##
<%def name="head(g, struct, op)">\
${g.head_prototype(struct.name, op)}
{
% if op.startswith("decode"):
    val->sType = ${struct.stype};
    val->pNext = hsp_vn_reader_head(reader, ${struct.stype}, &chain_${struct.name},
                                    ${"true" if op.endswith("partial") else "false"});
% else:
    hsp_vn_writer_head(writer, val, ${struct.stype}, &chain_${struct.name},
                       ${"true" if op.endswith("partial") else "false"});
% endif
% if g.has_body(struct.name, op):
    ${g.body_call(struct.name, op)}
% endif
}
</%def>\
##
<%def name="union(g, struct, op)">\
<% decoding = op == "decode" %>\
${g.body_prototype(struct.name, op)}
{
% if struct.selected and decoding:
    int32_t sent = (int32_t)hsp_vn_reader_u32(reader);

    if (sent != selector) {
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_POINTER, (uint32_t)sent, "union selector");
        return;
    }
    switch (selector) {
% elif struct.selected:
    hsp_vn_writer_u32(writer, (uint32_t)selector);
    switch (selector) {
% elif decoding:
    uint32_t tag = hsp_vn_reader_u32(reader);

    switch (tag) {
% else:
    hsp_vn_writer_u32(writer, ${struct.default_tag});
    switch (${struct.default_tag}) {
% endif
<% union_scope = scope_of(g.model, struct.name, struct.fields, "val") %>\
% for index, member in enumerate(struct.fields):
% if decoding or struct.selected or index == struct.default_tag:
% if struct.selected:
% for label in member.decl.selection:
% if label in g.enumerants:
    case ${label}:
% endif
% endfor
% else:
    case ${index}:
% endif
% if decoding:
${fields.decode_field(g.emit, member, union_scope)}\
% else:
${fields.encode_field(g.emit, member, union_scope)}\
% endif
        break;
% endif
% endfor
    default:
% if decoding:
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_POINTER,
                                ${"(uint32_t)selector" if struct.selected else "tag"}, "union");
% endif
        break;
    }
}
</%def>
