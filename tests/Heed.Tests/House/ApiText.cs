using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Heed.Tests.House;

/// <summary>The public surface of an assembly as text: one line a type and one a member, in a fixed order, so that a change shows as a diff.</summary>
internal static class ApiText
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (Type type in assembly.GetExportedTypes().Where(type => !Generated(type)).OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(TypeLine(type)).Append('\n');
            foreach (string member in Members(type).Order(StringComparer.Ordinal))
                text.Append("    ").Append(member).Append('\n');
            text.Append('\n');
        }
        return text.ToString();
    }

    private static string TypeLine(Type type)
    {
        bool record = type.GetMethods(Declared).Any(method => method.Name is "<Clone>$" or "PrintMembers" && Generated(method));
        string kind = typeof(Delegate).IsAssignableFrom(type) ? "delegate" : type.IsEnum ? "enum" : type.IsInterface ? "interface"
            : (record ? "record " : "") + (type.IsValueType ? "struct" : "class");
        string modifier = !type.IsClass || kind == "delegate" ? type.IsByRefLike ? "ref " : "" : type is { IsAbstract: true, IsSealed: true } ? "static " : type.IsAbstract ? "abstract " : "";
        if (type.IsValueType && !type.IsEnum && type.IsDefined(typeof(IsReadOnlyAttribute)))
            modifier = "readonly " + modifier;
        var bases = new List<string>();
        if (type.IsClass && kind != "delegate" && type.BaseType is { } parent && parent != typeof(object))
            bases.Add(ApiTypeName.Of(parent));
        if (type.IsEnum && Enum.GetUnderlyingType(type) != typeof(int))
            bases.Add(ApiTypeName.Of(Enum.GetUnderlyingType(type)));
        if (!type.IsEnum && kind != "delegate")
            bases.AddRange(type.GetInterfaces().Except(type.BaseType?.GetInterfaces() ?? []).Where(each => each.IsPublic).Select(each => ApiTypeName.Of(each)).Order(StringComparer.Ordinal));
        return modifier + kind + " " + ApiTypeName.Of(type) + (bases.Count > 0 ? " : " + string.Join(", ", bases) : "") + Constraints(type.GetGenericArguments());
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
            return [Method(type.GetMethod("Invoke")!)];
        if (type.IsEnum)
            return type.GetEnumNames().Select(name => string.Create(CultureInfo.InvariantCulture, $"{name} = {Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)}"));
        return type.GetMembers(Declared).Where(member => !member.Name.Contains('<', StringComparison.Ordinal)).Select(Member).OfType<string>();
    }

    private static string? Member(MemberInfo member) => member switch
    {
        ConstructorInfo { IsStatic: false } c when Visible(c) => Access(c) + ApiTypeName.Of(c.DeclaringType!) + Parameters(c),
        MethodInfo m when Visible(m) && !Generated(m) && (!m.IsSpecialName || m.Name.StartsWith("op_", StringComparison.Ordinal)) => Method(m),
        PropertyInfo p when p.Name != "EqualityContract" && p.GetAccessors(true).Any(Visible) => Property(p),
        FieldInfo { IsPublic: true, IsSpecialName: false } f => (f.IsLiteral ? "const " : f.IsStatic ? "static " : "") + (f.IsInitOnly ? "readonly " : "")
            + ApiTypeName.Of(f) + " " + f.Name + (f.IsLiteral ? " = " + Literal(f.GetRawConstantValue()) : ""),
        EventInfo e when Visible(e.AddMethod!) => "event " + ApiTypeName.Of(e.EventHandlerType!) + " " + e.Name,
        _ => null,
    };

    private static string Method(MethodInfo method)
    {
        Type[] generic = method.IsGenericMethod ? method.GetGenericArguments() : [];
        return Access(method) + Modifier(method) + ApiTypeName.Of(method.ReturnParameter) + " " + method.Name
            + (generic.Length > 0 ? "<" + string.Join(", ", generic.Select(each => each.Name)) + ">" : "") + Parameters(method) + Constraints(generic);
    }

    private static string Property(PropertyInfo property)
    {
        MethodInfo any = property.GetAccessors(true).First(Visible);
        bool init = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
        string accessors = (property.GetMethod is { } get && Visible(get) ? "get; " : "") + (property.SetMethod is { } set && Visible(set) ? init ? "init; " : "set; " : "");
        string index = property.GetIndexParameters() is { Length: > 0 } parameters ? "[" + string.Join(", ", parameters.Select(Parameter)) + "]" : "";
        string required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        return Access(any) + required + Modifier(any) + ApiTypeName.Of(property) + " " + (index.Length > 0 ? "this" : property.Name) + index + " { " + accessors + "}";
    }

    private static string Parameters(MethodBase method) =>
        "(" + (method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "") + string.Join(", ", method.GetParameters().Select(Parameter)) + ")";

    private static string Parameter(ParameterInfo parameter)
    {
        string mode = !parameter.ParameterType.IsByRef ? parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : ""
            : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
        return mode + ApiTypeName.Of(parameter) + " " + parameter.Name + (parameter.HasDefaultValue ? " = " + Literal(parameter.DefaultValue) : "");
    }

    private static string Constraints(Type[] generic) => string.Concat(generic.Select(argument =>
    {
        GenericParameterAttributes attributes = argument.GenericParameterAttributes;
        bool value = attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        var words = new List<string>();
        if (value)
            words.Add("struct");
        if (attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
            words.Add("class");
        words.AddRange(argument.GetGenericParameterConstraints().Where(each => each != typeof(ValueType)).Select(each => ApiTypeName.Of(each)));
        if (attributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && !value)
            words.Add("new()");
        return words.Count > 0 ? $" where {argument.Name} : {string.Join(", ", words)}" : "";
    }));

    private static string Literal(object? value) => value switch
    {
        null => "null",
        string text => "\"" + text + "\"",
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static string Modifier(MethodInfo method) => method.DeclaringType!.IsInterface ? method.IsStatic ? method.IsAbstract ? "static abstract " : "static " : ""
        : method.IsStatic ? "static " : method.IsAbstract ? "abstract " : method.GetBaseDefinition() != method ? "override "
        : method is { IsVirtual: true, IsFinal: false } ? "virtual " : "";

    private static string Access(MethodBase method) => method.IsPublic ? "" : "protected ";

    private static bool Visible(MethodBase method) => method.IsPublic || ((method.IsFamily || method.IsFamilyOrAssembly) && !method.DeclaringType!.IsSealed);

    private static bool Generated(MemberInfo member) =>
        member.Name.Contains('<', StringComparison.Ordinal) || (member is not Type && member.IsDefined(typeof(CompilerGeneratedAttribute)));
}
