// What a client in Go asks of our server, method by method: the same for Apache's Thrift and for
// Kitex, whose clients differ only in that Kitex's methods take options too.
package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"

	"holdfast.interop/peer/gen/thrifttest"
)

const (
	text          = "aä→😀\x00\n"
	unknownMethod = 1
	internalError = 6
)

type check struct {
	name string
	run  func() error
}

func runChecks(checks []check) {
	for _, each := range checks {
		if err := each.run(); err != nil {
			fmt.Printf("failed %s: %.300v\n", each.name, err)
		} else {
			fmt.Printf("ok %s\n", each.name)
		}
	}
}

func checksOfSecond(second any) []check {
	return []check{{"secondtestString", func() error {
		got, err := invoke(second, "SecondtestString", "x")
		return firstOf(err, same(got, `testString("x")`))
	}}}
}

func checksOfTest(test, second any) []check {
	echoes := func(method string, values ...any) check {
		return check{"t" + method[1:], func() error {
			for _, value := range values {
				got, err := invoke(test, method, value)
				if err := firstOf(err, same(got, value)); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	return append([]check{
		{"testVoid", func() error {
			_, err := invoke(test, "TestVoid")
			return err
		}},
		echoes("TestString", "", text, strings.Repeat(text, 50000)),
		echoes("TestBool", true, false),
		echoes("TestByte", int8(0), int8(127), int8(-128)),
		echoes("TestI32", int32(0), int32(-1), int32(math.MaxInt32), int32(math.MinInt32)),
		echoes("TestI64", int64(0), int64(-1), int64(math.MaxInt64), int64(math.MinInt64)),
		{"testDouble", func() error { return checkDouble(test) }},
		echoes("TestBinary", []byte{}, []byte(strings.Repeat("\x00\x7f\x80\xff", 6400))),
		echoes("TestStruct", extremes()),
		echoes("TestNest",
			&thrifttest.Xtruct2{ByteThing: 1, StructThing: extremes(), I32Thing: 5}),
		echoes("TestMap", map[int32]int32{}, map[int32]int32{-2: 3, 0: -1, math.MaxInt32: 7}),
		echoes("TestStringMap", map[string]string{"": "", text: "b", "a": text}),
		echoes("TestSet", []int32{}, upTo(300)),
		echoes("TestList", []int32{}, upTo(20000)),
		echoes("TestEnum",
			thrifttest.Numberz_ONE, thrifttest.Numberz_EIGHT, thrifttest.Numberz(77)),
		echoes("TestTypedef", thrifttest.UserId(309858235082523)),
		{"testMapMap", func() error {
			got, err := invoke(test, "TestMapMap", int32(1))
			wanted, _ := testHandler{}.TestMapMap(context.Background(), 1)
			return firstOf(err, same(got, wanted))
		}},
		{"testInsanity", func() error { return checkInsanity(test) }},
		{"testMulti", func() error {
			names := map[int16]string{-3: "a", 4: "b"}
			got, err := invoke(test, "TestMulti", int8(1), int32(2), int64(1<<62), names,
				thrifttest.Numberz_SIX, thrifttest.UserId(3))
			return firstOf(err, same(got, &thrifttest.Xtruct{
				StringThing: "Hello2", ByteThing: 1, I32Thing: 2, I64Thing: 1 << 62,
			}))
		}},
		{"testOneway", func() error {
			_, err := invoke(test, "TestOneway", int32(3))
			return err
		}},
	}, failureChecks(test, second)...)
}

func failureChecks(test, second any) []check {
	stillThere := func() error {
		got, err := invoke(test, "TestI32", int32(7))
		return firstOf(err, same(got, int32(7)))
	}
	return []check{
		{"testException", func() error {
			_, err := invoke(test, "TestException", "nothing")
			if err != nil {
				return err
			}
			_, err = invoke(test, "TestException", "Xception")
			return sameXception(err, "Xception")
		}},
		{"testMultiException", func() error { return checkMultiException(test) }},
		{"a failure that is not declared", func() error {
			_, err := invoke(test, "TestException", "TException")
			return firstOf(sameFailure(err, internalError), stillThere())
		}},
		{"a method that does not exist", func() error {
			_, err := invoke(second, "SecondtestString", "x")
			return firstOf(sameFailure(err, unknownMethod), stillThere())
		}},
	}
}

func checkDouble(test any) error {
	values := []float64{
		0, math.Copysign(0, -1), -1.0 / 3, math.SmallestNonzeroFloat64, math.MaxFloat64,
		math.Inf(1), math.Inf(-1), math.NaN(),
	}
	for _, value := range values {
		got, err := invoke(test, "TestDouble", value)
		if err != nil {
			return err
		}
		bits, wanted := math.Float64bits(got.(float64)), math.Float64bits(value)
		if bits != wanted && !(math.IsNaN(got.(float64)) && math.IsNaN(value)) {
			return fmt.Errorf("got %v instead of %v", got, value)
		}
	}
	return nil
}

func checkInsanity(test any) error {
	insanity := &thrifttest.Insanity{
		UserMap: map[thrifttest.Numberz]thrifttest.UserId{
			thrifttest.Numberz_FIVE: 5, thrifttest.Numberz_EIGHT: -8,
		},
		Xtructs: []*thrifttest.Xtruct{extremes(), {StringThing: "Hello2", I64Thing: 2}},
	}
	got, err := invoke(test, "TestInsanity", insanity)
	if err != nil {
		return err
	}
	all := got.(map[thrifttest.UserId]map[thrifttest.Numberz]*thrifttest.Insanity)
	empty := all[2][thrifttest.Numberz_SIX]
	if len(all) != 2 || len(all[2]) != 1 || len(empty.UserMap)+len(empty.Xtructs) != 0 {
		return fmt.Errorf("got %v", all)
	}
	return same(all[1], map[thrifttest.Numberz]*thrifttest.Insanity{
		thrifttest.Numberz_TWO: insanity, thrifttest.Numberz_THREE: insanity,
	})
}

func checkMultiException(test any) error {
	_, err := invoke(test, "TestMultiException", "Xception", "no")
	if err := sameXception(err, "This is an Xception"); err != nil {
		return err
	}
	_, err = invoke(test, "TestMultiException", "Xception2", "no")
	var second *thrifttest.Xception2
	if !errors.As(err, &second) || second.ErrorCode != 2002 ||
		second.StructThing.StringThing != "This is an Xception2" {
		return fmt.Errorf("got %v instead of an Xception2", err)
	}
	got, err := invoke(test, "TestMultiException", "none", "yes")
	if err != nil {
		return err
	}
	return same(got, &thrifttest.Xtruct{StringThing: "yes"})
}

func sameXception(err error, message string) error {
	var first *thrifttest.Xception
	if !errors.As(err, &first) || first.ErrorCode != 1001 || first.Message != message {
		return fmt.Errorf("got %v instead of an Xception", err)
	}
	return nil
}

func sameFailure(err error, wanted int32) error {
	if kind, is := applicationExceptionType(err); !is || kind != wanted {
		return fmt.Errorf("got %v instead of a TApplicationException of type %d", err, wanted)
	}
	return nil
}

// Calls a method by its name: result, if it has one, and error.
func invoke(client any, method string, arguments ...any) (any, error) {
	in := []reflect.Value{reflect.ValueOf(context.Background())}
	for _, argument := range arguments {
		in = append(in, reflect.ValueOf(argument))
	}
	out := reflect.ValueOf(client).MethodByName(method).Call(in)
	err, _ := out[len(out)-1].Interface().(error)
	if len(out) == 1 {
		return nil, err
	}
	return out[0].Interface(), err
}

func same(got, wanted any) error {
	kind := reflect.ValueOf(wanted).Kind()
	if (kind == reflect.Slice || kind == reflect.Map) && reflect.ValueOf(wanted).Len() == 0 {
		if reflect.ValueOf(got).Len() == 0 {
			return nil
		}
	}
	if !reflect.DeepEqual(got, wanted) {
		return fmt.Errorf("got %v instead of %v", got, wanted)
	}
	return nil
}

func firstOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

func extremes() *thrifttest.Xtruct {
	return &thrifttest.Xtruct{
		StringThing: "Zero", ByteThing: -128, I32Thing: math.MinInt32, I64Thing: math.MinInt64,
	}
}

func upTo(count int32) []int32 {
	all := make([]int32, count)
	for index := range all {
		all[index] = int32(index) - 2
	}
	return all
}
