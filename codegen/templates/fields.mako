## SPDX-License-Identifier: MIT
## How the shapes of fields are decoded and encoded. `var` is the C pointer to the owner.
<%!
from wire import Kind, Run, Shape
%>\
<%def name="assert_run(item, owner)">\
% if len(item.fields) > 1:
    _Static_assert(offsetof(${owner}, ${item.last}) + sizeof(((${owner} *)0)->${item.last}) -
                       offsetof(${owner}, ${item.first}) == ${item.size}, "${item.last}");
% endif
</%def>\
##
## ------------------------------------------------------------ full decoding
##
<%def name="decode_items(emit, items, scope, owner)">\
<% var = scope.var %>\
% for item in items:
% if isinstance(item, Run):
${assert_run(item, owner)}\
    hsp_vn_reader_raw(reader, &${var}->${item.first}, ${item.size});
% for field in item.fields:
<% strided = emit.stride_of(field, scope) %>\
% if strided:
    ${var}->${field.name} = sizeof(*${var}->${strided.name});
% endif
% if emit.multiple_of(field):
    if (${var}->${field.name} % ${emit.multiple_of(field)})
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_VALUE, ${var}->${field.name}, "${field.name}");
% endif
% endfor
% elif item.output:
${decode_output(emit, item, scope)}\
% else:
${decode_field(emit, item, scope)}\
% endif
% endfor
</%def>\
##
<%def name="decode_field(emit, field, scope)">\
<% var = scope.var; target = f"{var}->{field.name}" %>\
% if field.shape is Shape.NULL:
    ${target} = hsp_vn_reader_null(reader);
% elif field.shape is Shape.VALUE and field.param and field.kind is Kind.HANDLE:
    ${target} = (${field.type})(uintptr_t)hsp_vn_reader_parameter(
        reader, ${field.object_type}, ${emit.required(field)}, &${target}_object);
% elif field.shape is Shape.VALUE:
    ${emit.decode_element(field, target, False, var)}
% elif field.shape is Shape.FIXED and field.kind is Kind.SCALAR and emit.is_raw(field, True):
    hsp_vn_reader_fixed(reader, ${target}, ${field.count}, sizeof(${target}[0]));
% if field.type == "char":
    ${target}[${field.count - 1}] = '\0';
% endif
% elif field.shape is Shape.FIXED:
    hsp_vn_reader_array(reader, ${field.count}, true);
    for (uint32_t i = 0; i < ${field.count}; i++)
        ${emit.decode_element(field, target + "[i]", False, var)}
% elif field.shape is Shape.STRING:
    ${target} = hsp_vn_reader_string(reader, ${emit.required(field)});
% elif field.shape is Shape.STRINGS:
${decode_strings(emit, field, scope)}\
% elif field.shape is Shape.ARRAYS:
${decode_arrays(emit, field, scope)}\
% elif field.shape is Shape.POINTER:
${decode_pointer(emit, field, scope)}\
% else:
${decode_array(emit, field, scope)}\
% endif
</%def>\
##
<%def name="decode_pointer(emit, field, scope)">\
<% target = f"{scope.var}->{field.name}" %>\
    ${target} = NULL;
    if (hsp_vn_reader_pointer(reader, ${emit.required(field)})) {
        ${field.type} *item =
            hsp_vn_reader_alloc(reader, 1, sizeof(*item), ${emit.element_min(field, False)});

        if (!item)
            return;
        ${emit.decode_element(field, "(*item)", False, scope.var)}
        ${target} = item;
    }
</%def>\
##
<%def name="decode_array(emit, field, scope)">\
<% target = f"{scope.var}->{field.name}" %>\
    ${target} = NULL;
    {
        uint64_t count =
            hsp_vn_reader_array(reader, ${scope.length(field.length)}, ${emit.required(field)});

        if (count) {
% if emit.is_raw(field, True):
            ${target} = (${field.type} *)hsp_vn_reader_elements(
                reader, count, ${field.size}, ${field.align});
% else:
            ${field.type} *items = hsp_vn_reader_alloc(reader, count, sizeof(*items),
                                                       ${emit.element_min(field, False)});

            if (!items)
                return;
            for (uint64_t i = 0; i < count; i++)
                ${emit.decode_element(field, "items[i]", False, scope.var)}
            ${target} = items;
% endif
        }
    }
</%def>\
##
<%def name="decode_strings(emit, field, scope)">\
<% target = f"{scope.var}->{field.name}" %>\
    ${target} = NULL;
    {
        uint64_t count =
            hsp_vn_reader_array(reader, ${scope.length(field.length)}, ${emit.required(field)});

        if (count) {
            const char **items = hsp_vn_reader_alloc(reader, count, sizeof(*items), 12);

            if (!items)
                return;
            for (uint64_t i = 0; i < count; i++)
                items[i] = hsp_vn_reader_string(reader, true);
            ${target} = items;
        }
    }
</%def>\
##
<%def name="decode_arrays(emit, field, scope)">\
<% target = f"{scope.var}->{field.name}" %>\
    ${target} = NULL;
    {
        uint64_t count =
            hsp_vn_reader_array(reader, ${scope.length(field.length)}, ${emit.required(field)});
        const ${field.type} **arrays;

        if (count) {
            arrays = hsp_vn_reader_alloc(reader, count, sizeof(*arrays), 8);
            if (!arrays)
                return;
            for (uint64_t i = 0; i < count; i++) {
                uint64_t inner_count =
                    hsp_vn_reader_array(reader, ${scope.length(field.inner)}, true);

                if (!inner_count)
                    continue;
% if emit.is_raw(field, True):
                arrays[i] =
                    hsp_vn_reader_elements(reader, inner_count, ${field.size}, ${field.align});
% else:
                ${field.type} *items = hsp_vn_reader_alloc(
                    reader, inner_count, sizeof(*items), ${emit.element_min(field, False)});

                if (!items)
                    return;
                for (uint64_t j = 0; j < inner_count; j++)
                    ${emit.decode_element(field, "items[j]", False, scope.var)}
                arrays[i] = items;
% endif
            }
            ${target} = arrays;
        }
    }
</%def>\
##
## ------------------------------------------------------------ outputs in a request
##
## A member of a partial struct, or an output parameter.
<%def name="decode_output(emit, field, scope)">\
<% var = scope.var; target = f"{var}->{field.name}" %>\
% if field.shape is Shape.NULL:
    ${target} = hsp_vn_reader_null(reader);
% elif field.shape is Shape.VALUE and field.kind is Kind.SCALAR:
    ${emit.decode_element(field, target, False, var)}
% elif field.shape is Shape.VALUE:
    ${emit.decode_element(field, target, True, var)}
% elif field.shape is Shape.FIXED:
    hsp_vn_reader_array(reader, ${field.count}, true);
% if not emit.is_empty(field):
    for (uint32_t i = 0; i < ${field.count}; i++)
        ${emit.decode_element(field, target + "[i]", True, var)}
% endif
% elif field.shape is Shape.POINTER:
    ${target} = NULL;
    if (hsp_vn_reader_pointer(reader, ${emit.required(field)})) {
        ${field.type} *item = hsp_vn_reader_output(reader, 1, sizeof(*item));

        if (!item)
            return;
% if field.kind is Kind.SCALAR and emit.carries_value(field):
        ${emit.decode_element(field, "(*item)", False, var)}
% elif not emit.is_empty(field):
        ${emit.decode_element(field, "(*item)", True, var)}
% endif
        ${target} = item;
    }
% elif field.kind is Kind.BLOB and field.param:
    ${target} = NULL;
    ${target}_size =
        hsp_vn_reader_array(reader, ${scope.length(field.length)}, ${emit.required(field)});
% else:
    ${target} = NULL;
    {
        uint64_t count =
            hsp_vn_reader_array(reader, ${scope.length(field.length)}, ${emit.required(field)});

        if (count) {
% if emit.is_empty(field):
            ${target} = hsp_vn_reader_output(reader, count, ${field.size});
            if (!${target})
                return;
% else:
            ${field.type} *items = hsp_vn_reader_alloc(reader, count, sizeof(*items),
                                                       ${emit.element_min(field, True)});

            if (!items)
                return;
            for (uint64_t i = 0; i < count; i++)
                ${emit.decode_element(field, "items[i]", True, var)}
            ${target} = items;
% endif
        }
    }
% endif
</%def>\
##
## ------------------------------------------------------------ full encoding
##
<%def name="encode_items(emit, items, scope, owner)">\
% for item in items:
% if isinstance(item, Run):
${assert_run(item, owner)}\
    hsp_vn_writer_bytes(writer, &${scope.var}->${item.first}, ${item.size});
% else:
${encode_field(emit, item, scope)}\
% endif
% endfor
</%def>\
##
<%def name="encode_field(emit, field, scope)">\
<%
    var = scope.var
    value = f"{var}->{field.name}"
    condition = f"{value} && ({emit.send_if(field)})" if emit.send_if(field) else value
%>\
% if field.shape is Shape.NULL:
    hsp_vn_writer_u64(writer, 0);
% elif field.shape is Shape.VALUE:
    ${emit.encode_element(field, value, False, var)}
% elif field.shape is Shape.FIXED and field.kind is Kind.SCALAR:
    hsp_vn_writer_array(writer, ${value}, ${field.count}, sizeof(${value}[0]));
% elif field.shape is Shape.FIXED:
    hsp_vn_writer_u64(writer, ${field.count});
    for (uint32_t i = 0; i < ${field.count}; i++)
        ${emit.encode_element(field, value + "[i]", False, var)}
% elif field.shape is Shape.STRING:
    hsp_vn_writer_string(writer, ${value});
% elif field.shape is Shape.POINTER:
    hsp_vn_writer_u64(writer, ${value} ? 1 : 0);
    if (${value}) {
        ${emit.encode_element(field, f"(*{value})", False, var)}
    }
% elif field.shape is Shape.ARRAY and field.kind is Kind.BLOB and field.output:
    hsp_vn_writer_array(writer, ${value},
                        HSP_MIN(${scope.length(field.length)}, ${value}_size), 1);
% elif field.shape is Shape.ARRAY and emit.is_raw(field, False):
% if emit.send_if(field):
    hsp_vn_writer_array(writer, ${condition} ? ${value} : NULL, ${scope.length(field.length)},
                        ${field.size});
% else:
    hsp_vn_writer_array(writer, ${value}, ${scope.length(field.length)}, ${field.size});
% endif
% else:
    {
        uint64_t count = ${condition} ? ${scope.length(field.length)} : 0;

        hsp_vn_writer_u64(writer, count);
        for (uint64_t i = 0; i < count; i++) {
% if field.shape is Shape.STRINGS:
            hsp_vn_writer_string(writer, ${value}[i]);
% elif field.shape is Shape.ARRAYS:
            uint64_t inner_count = ${value}[i] ? ${scope.length(field.inner)} : 0;

            hsp_vn_writer_u64(writer, inner_count);
            for (uint64_t j = 0; j < inner_count; j++)
                ${emit.encode_element(field, value + "[i][j]", False, var)}
% else:
            ${emit.encode_element(field, value + "[i]", False, var)}
% endif
        }
    }
% endif
</%def>\
##
## ------------------------------------------------------------ outputs in a request, encoded
##
<%def name="encode_output(emit, field, scope)">\
<% var = scope.var; value = f"{var}->{field.name}" %>\
% if field.shape is Shape.NULL:
    hsp_vn_writer_u64(writer, 0);
% elif field.shape is Shape.VALUE and field.kind is Kind.SCALAR:
    ${emit.encode_element(field, value, False, var)}
% elif field.shape is Shape.VALUE:
    ${emit.encode_element(field, value, True, var)}
% elif field.shape is Shape.FIXED:
    hsp_vn_writer_u64(writer, ${field.count});
% if not emit.is_empty(field):
    for (uint32_t i = 0; i < ${field.count}; i++)
        ${emit.encode_element(field, value + "[i]", True, var)}
% endif
% elif field.shape is Shape.POINTER:
    hsp_vn_writer_u64(writer, ${value} ? 1 : 0);
% if field.kind is Kind.SCALAR and emit.carries_value(field):
    if (${value})
        ${emit.encode_element(field, f"(*{value})", False, var)}
% elif not emit.is_empty(field):
    if (${value})
        ${emit.encode_element(field, f"(*{value})", True, var)}
% endif
% elif field.kind is Kind.BLOB and field.param:
    hsp_vn_writer_u64(writer, ${value}_size);
% elif emit.is_empty(field):
    hsp_vn_writer_u64(writer, ${value} ? ${scope.length(field.length)} : 0);
% else:
    {
        uint64_t count = ${value} ? ${scope.length(field.length)} : 0;

        hsp_vn_writer_u64(writer, count);
        for (uint64_t i = 0; i < count; i++)
            ${emit.encode_element(field, value + "[i]", True, var)}
    }
% endif
</%def>
